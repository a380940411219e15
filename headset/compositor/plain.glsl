// Things, not flesh: a headset's shell.

vec3 shade(Surface s) {
    vec3 light = room(s.normal) * s.sky
        + KEY_COLOUR * max(dot(s.normal, KEY), 0.0) * s.key
        + FILL_COLOUR * max(dot(s.normal, FILL), 0.0) * s.sky;
    vec3 gloss = KEY_COLOUR * ggx(s.normal, s.view, KEY, s.roughness, 0.04) * s.key
        + RIM_COLOUR * ggx(s.normal, s.view, RIM, s.roughness, 0.04);
    float edge = fresnel(max(dot(s.normal, s.view), 0.0), 0.04) * (1.0 - 0.5 * s.roughness);
    return s.albedo * light + gloss
        + reflected(reflect(-s.view, s.normal), s.roughness) * edge * s.sky;
}
