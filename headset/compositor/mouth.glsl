// Teeth, gums, tongue: wet, translucent, and as dark as little of the sky comes in.

vec3 shade(Surface s) {
    vec3 w = vec3(0.45, 0.32, 0.28);
    float sky = 0.10 + 0.90 * s.sky;
    vec3 light = room(s.normal) * sky
        + KEY_COLOUR * rounded(dot(s.normal, KEY), w) * sky
        + FILL_COLOUR * rounded(dot(s.normal, FILL), w) * sky;
    vec3 wet = KEY_COLOUR * ggx(s.normal, s.view, KEY, s.roughness, 0.04)
        + FILL_COLOUR * ggx(s.normal, s.view, FILL, s.roughness, 0.04);
    return s.albedo * light + wet * s.sky * 0.7;
}
