"""OpenGL context, canvas, morphing, skin: what an avatar is to the renderer, and how it is drawn."""
