// The room's surfaces: a floor of tiles under a pool of light that runs up into a dark wall, and the
// mirror's frame. Everything fades into the ground colour, so there is no edge to the room.

in Vary {
    vec3 position;
    vec3 normal;
    vec3 local;    // of the floor: metres from its middle; of the frame: its own colour
    flat float frame;
    flat int view_number;
} v;

uniform vec3 ground;   // linear: what the picture is cleared to
uniform float mirror;  // metres along z

layout(location = 0) out vec4 pixel;

const float TILE_M = 0.5;
const float JOINT_M = 0.006;
const float POOL_M = 2.6;

// How much of a pixel the joints between tiles cover: their mean where they are finer than it.
float joints(vec2 p) {
    vec2 at = abs(fract(p / TILE_M) - 0.5) * TILE_M, wide = fwidth(p) + 1e-6;
    vec2 line = clamp((at - 0.5 * (TILE_M - JOINT_M)) / wide + 0.5, 0.0, 1.0);
    line *= min(vec2(1.0), JOINT_M / wide + 0.25);
    return max(line.x, line.y);
}

vec3 cyclorama() {
    float away = length(v.local.xz), rise = v.local.y;
    float flat_part = smoothstep(0.3, 0.0, rise);
    vec2 tile = floor(v.local.xz / TILE_M);
    float shade = 0.94 + 0.12 * fract(sin(dot(tile, vec2(12.99, 78.23))) * 43758.5);
    vec3 floor_colour = vec3(0.115, 0.105, 0.098) * mix(1.0, shade, flat_part);
    floor_colour *= 1.0 - 0.6 * joints(v.local.xz) * flat_part;
    // One lamp above: light falls off across the floor, and up the wall more slowly.
    float pool = exp(-away * away / (POOL_M * POOL_M)) + 0.20 * exp(-rise * 0.9);
    vec3 lit = floor_colour * (KEY_COLOUR * 0.55 * pool + vec3(0.06, 0.065, 0.075));
    // Whoever stands before the mirror and their image keep light from the floor.
    vec2 near = vec2(v.local.x, abs(v.local.z - mirror) + mirror);
    lit *= 1.0 - 0.45 * exp(-dot(near, near) / 0.09) * flat_part;
    return lit;
}

vec3 framed(vec3 n, vec3 view) {
    vec3 light = room(n) + KEY_COLOUR * max(dot(n, KEY), 0.0) + FILL_COLOUR * max(dot(n, FILL), 0.0);
    return v.local * light + KEY_COLOUR * ggx(n, view, KEY, 0.35, 0.05)
        + FILL_COLOUR * ggx(n, view, FILL, 0.35, 0.05);
}

void main() {
    vec3 view = normalize(camera[v.view_number].xyz - v.position);
    vec3 n = normalize(v.normal);
    if (v.frame > 0.5) {
        pixel = vec4(filmic(framed(n, view)), 1.0);
    } else {
        float far = smoothstep(1.6, 4.2, length(v.local.xz) + 0.7 * v.local.y);
        pixel = vec4(mix(filmic(cyclorama()), ground, far), 1.0);
    }
}
