// A posed vertex, into the picture; as OUTLINE, of a shell drawn inside out around a toon.

layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec4 rest;       // w: eye
layout(location = 3) in vec4 colour;     // linear albedo; w: roughness
layout(location = 4) in vec4 light;      // sky seen at rest, sky seen mouth open, key seen, 1/m
layout(location = 5) in vec4 highlight;  // linear rgb, share
layout(location = 6) in vec4 uv;         // two sets; v downwards

out float gl_ClipDistance[4];
out Vary {
    vec3 position;
    vec3 normal;
    vec4 rest;
    vec4 colour;
    vec4 light;
    vec4 highlight;
    vec4 uv;
    flat int view_number;
} v;

void main() {
    v.position = position;
    v.normal = normal;
    v.rest = rest;
    v.colour = colour;
    v.light = vec4(mix(light.x, light.y, mouth.x), light.yzw);
    v.highlight = highlight;
    v.uv = uv;
    v.view_number = 0;
#if VIEWS > 1
    v.view_number = gl_InstanceID & 1;
    gl_Layer = v.view_number;
#endif
    gl_Position = view_projection[v.view_number] * vec4(position, 1.0);
#ifdef OUTLINE
    mat4 m = view_projection[v.view_number];
    // A share of half the picture's height is so many metres at this depth.
    float metre = outline.w > 0.5 ? gl_Position.w / length(vec3(m[0][1], m[1][1], m[2][1])) : 1.0;
    float width = outline_width.x * metre * outline_mask(uv);
    gl_Position = m * vec4(position + width * normal, 1.0);
#endif
    for (int k = 0; k < 4; k++)
        gl_ClipDistance[k] = dot(within[4 * v.view_number + k], gl_Position);
}
