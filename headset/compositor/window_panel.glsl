// A panel's picture, first row at the top, over an area of another picture.

uniform sampler2D panel;
uniform vec4 area;  // left, bottom, width, height, pixels

layout(location = 0) out vec4 pixel;

void main() {
    vec2 at = (gl_FragCoord.xy - area.xy) / area.zw;
    pixel = texture(panel, vec2(at.x, 1.0 - at.y));
}
