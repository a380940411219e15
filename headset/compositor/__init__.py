"""OpenGL context, avatar, morphing, skin."""
