// Normals of the posed face, gathered over the faces around each point (seams welded), so that no
// two invocations write the same place. The same as `Morph.normals` in morph.py.

layout(local_size_x = 64) in;

struct Vertex { vec4 position; vec4 normal; };

layout(std430, binding = 0) readonly buffer Ranges { uvec2 ranges[]; };
layout(std430, binding = 1) readonly buffer Corners { uvec2 corners[]; };
#ifdef AUTHORED
struct Normals { vec4 rest; vec4 authored; };
layout(std430, binding = 2) readonly buffer Given { Normals given[]; };
#endif
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
    n = len > 1e-20 ? n / len : vec3(0.0, 0.0, 1.0);
#ifdef AUTHORED
    // What the author gave, turned by the least turn that takes the faces' own from rest to now.
    vec3 a = given[v].authored.xyz, r = given[v].rest.xyz;
    float c = dot(r, n);
    vec3 axis = cross(r, n);
    vec3 turned = c * a + cross(axis, a) + dot(axis, a) / max(1.0 + c, 1e-3) * axis;
    n = turned / max(length(turned), 1e-6);
#endif
    posed[v].normal = vec4(n, 0.0);
}
