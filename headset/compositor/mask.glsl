// What no one can see: at the near plane, so that nothing behind it is shaded.

layout(location = 0) in vec3 corner;  // tangents to the right and upwards; z: eye

uniform vec4 lens[2];  // scale, shift

void main() {
    int eye = int(corner.z);
#ifdef LAYERS
    gl_Layer = eye;
#endif
    gl_Position = vec4(corner.xy * lens[eye].xy + lens[eye].zw, 1.0, 1.0);
}
