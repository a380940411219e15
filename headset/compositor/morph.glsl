// Neutral face + weighted displacements, then eyeballs turned by the gaze, and a body's head on its
// neck. One invocation a vertex. The same as `Morph.pose` in morph.py.

layout(local_size_x = 64) in;

struct Entry { vec3 delta; uint target; };
struct Vertex { vec4 position; vec4 normal; };

layout(std430, binding = 0) readonly buffer Rest { vec4 rest[]; };  // w: eye 0 left, 1 right, or -1
layout(std430, binding = 1) readonly buffer Starts { uint starts[]; };
layout(std430, binding = 2) readonly buffer Entries { Entry entries[]; };
layout(std430, binding = 3) writeonly buffer Posed { Vertex posed[]; };
#ifdef BODY
layout(std430, binding = 4) readonly buffer Shares { float shares[]; };  // of the head's turn
#endif

void main() {
    uint v = gl_GlobalInvocationID.x;
    if (v >= uint(rest.length())) return;
    vec3 p = rest[v].xyz;
    for (uint i = starts[v]; i < starts[v + 1u]; ++i) {
        uint k = entries[i].target;
        p += weights[k >> 2][k & 3u] * entries[i].delta;
    }
    if (rest[v].w >= 0.0) {
        int eye = int(rest[v].w);
        vec3 d = p - eye_rest[eye].xyz;
        p = eye_centre[eye].xyz + d.x * eye_axes[3 * eye].xyz + d.y * eye_axes[3 * eye + 1].xyz
            + d.z * eye_axes[3 * eye + 2].xyz;
    }
#ifdef BODY
    else {
        vec3 d = p - pivot.xyz;
        p += shares[v] * (vec3(dot(head[0].xyz, d), dot(head[1].xyz, d), dot(head[2].xyz, d)) - d);
    }
#endif
    posed[v].position = vec4(p, 1.0);
}
