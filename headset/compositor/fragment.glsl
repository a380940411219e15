// One pixel of the region whose `shade` precedes this.

in Vary {
    vec3 position;
    vec3 normal;
    vec4 rest;
    vec4 colour;
    vec4 light;
    vec4 highlight;
    vec4 uv;
    flat int view_number;
} v;

layout(location = 0) out vec4 pixel;

void main() {
    Surface s;
    s.position = v.position;
    s.rest = v.rest.xyz;
    s.normal = normalize(gl_FrontFacing ? v.normal : -v.normal);
    s.view = normalize(camera[v.view_number].xyz - v.position);
    s.albedo = v.colour.rgb;
    s.roughness = v.colour.a;
    vec4 light = max(v.light, 0.0);  // at an edge it is extrapolated to outside the triangle
    s.sky = light.x;
    s.key = light.z;
    s.curvature = light.w;
    s.eye = int(round(v.rest.w));
    float opacity = look.y;
#ifdef PART
    opacity *= dressed(s, v.uv);  // in its file's material
#endif
    s.albedo = mix(s.albedo, v.highlight.rgb, v.highlight.a * look.x);
    pixel = vec4(filmic(shade(s)), opacity);
}
