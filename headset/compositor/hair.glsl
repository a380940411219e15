// Hair, brows, lashes, and cloth: soft diffuse, a broad sheen broken into strands that run down.

// A wave that fades out where a pixel no longer holds it: no moire.
float strands(float phase) {
    return sin(phase) * clamp(1.6 - fwidth(phase), 0.0, 1.0);
}

vec3 shade(Surface s) {
    float around = atan(s.rest.x, s.rest.z);
    float strand = 0.5 + 0.3 * strands(around * 90.0 + s.rest.y * 60.0) + 0.2 * strands(around * 211.0);
    vec3 w = vec3(0.5);
    vec3 light = room(s.normal) * s.sky
        + KEY_COLOUR * rounded(dot(s.normal, KEY), w) * (0.3 + 0.7 * s.key)
        + FILL_COLOUR * rounded(dot(s.normal, FILL), w) * s.sky;
    vec3 sheen = KEY_COLOUR * ggx(s.normal, s.view, KEY, s.roughness, 0.045) * s.key
        + RIM_COLOUR * max(dot(s.normal, RIM), 0.0) * 0.06;
    return s.albedo * light * (0.75 + 0.5 * strand) + sheen * (0.3 + 0.7 * strand) * s.sky;
}
