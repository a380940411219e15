// A corner of the room, into the picture of each eye.

layout(location = 0) in vec3 position;
layout(location = 1) in vec4 normal;  // w: 1 of the mirror's frame
layout(location = 2) in vec3 local;

out Vary {
    vec3 position;
    vec3 normal;
    vec3 local;
    flat float frame;
    flat int view_number;
} v;

void main() {
    v.position = position;
    v.normal = normal.xyz;
    v.local = local;
    v.frame = normal.w;
    v.view_number = 0;
#if VIEWS > 1
    v.view_number = gl_InstanceID & 1;
    gl_Layer = v.view_number;
#endif
    gl_Position = view_projection[v.view_number] * vec4(position, 1.0);
}
