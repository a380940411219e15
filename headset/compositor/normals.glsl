// Normals of the posed face, gathered over the faces around each point (seams welded), so that no
// two invocations write the same place. The same as `Morph.normals` in morph.py.

layout(local_size_x = 64) in;

struct Vertex { vec4 position; vec4 normal; };

layout(std430, binding = 0) readonly buffer Ranges { uvec2 ranges[]; };
layout(std430, binding = 1) readonly buffer Corners { uvec2 corners[]; };
layout(std430, binding = 3) buffer Posed { Vertex posed[]; };

void main() {
    uint v = gl_GlobalInvocationID.x;
    if (v >= uint(ranges.length())) return;
    vec3 p = posed[v].position.xyz;
    vec3 n = vec3(0.0);
    for (uint i = ranges[v].x; i < ranges[v].y; ++i) {
        n += cross(posed[corners[i].x].position.xyz - p, posed[corners[i].y].position.xyz - p);
    }
    float len = length(n);
    posed[v].normal = vec4(len > 1e-20 ? n / len : vec3(0.0, 0.0, 1.0), 0.0);
}
