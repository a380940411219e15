// One pixel of the region whose `shade` precedes this.

in Vary {
    vec3 position;
    vec3 normal;
    vec4 rest;
    vec4 colour;
    vec4 light;
    vec4 highlight;
    flat int view_number;
} v;

layout(location = 0) out vec4 pixel;

void main() {
    Surface s;
    s.position = v.position;
    s.rest = v.rest.xyz;
    s.normal = normalize(gl_FrontFacing ? v.normal : -v.normal);
    s.view = normalize(camera[v.view_number].xyz - v.position);
    s.albedo = mix(v.colour.rgb, v.highlight.rgb, v.highlight.a * look.x);
    s.roughness = v.colour.a;
    vec4 light = max(v.light, 0.0);  // at an edge it is extrapolated to outside the triangle
    s.sky = light.x;
    s.key = light.z;
    s.curvature = light.w;
    s.eye = int(round(v.rest.w));
    pixel = vec4(filmic(shade(s)), look.y);
}
