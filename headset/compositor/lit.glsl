// Clothes, glasses, all that is no flesh: metal and roughness, in the studio.

vec3 shade(Surface s) {
    vec3 shine = mix(vec3(0.04), s.albedo, part_metal);
    float most = max(max(shine.r, shine.g), max(shine.b, 0.04));
    vec3 tint = shine / most;
    vec3 light = room(s.normal) * s.sky
        + KEY_COLOUR * max(dot(s.normal, KEY), 0.0) * s.key
        + FILL_COLOUR * max(dot(s.normal, FILL), 0.0) * s.sky;
    vec3 gloss = KEY_COLOUR * ggx(s.normal, s.view, KEY, s.roughness, most) * s.key
        + FILL_COLOUR * ggx(s.normal, s.view, FILL, s.roughness, most) * s.sky
        + RIM_COLOUR * ggx(s.normal, s.view, RIM, s.roughness, most) * s.sky;
    float edge = most + (fresnel(max(dot(s.normal, s.view), 0.0), 0.0) * (1.0 - most)) * (1.0 - s.roughness);
    vec3 around = reflected(reflect(-s.view, s.normal), s.roughness) * edge * s.sky;
    return s.albedo * (1.0 - part_metal) * light + tint * (gloss + around) + part_emission;
}
