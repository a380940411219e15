// Cloth: knitted, so matt, with a fuzz that catches light along its edge. No strands: it is not hair.

// A wave that fades out where a pixel no longer holds it: no moire.
float ribs(float phase) {
    return sin(phase) * clamp(1.6 - fwidth(phase), 0.0, 1.0);
}

vec3 shade(Surface s) {
    float rib = ribs(atan(s.rest.x, s.rest.z) * 110.0);
    vec3 w = vec3(0.35);
    vec3 light = room(s.normal) * s.sky
        + KEY_COLOUR * rounded(dot(s.normal, KEY), w) * s.key
        + FILL_COLOUR * rounded(dot(s.normal, FILL), w) * s.sky
        + RIM_COLOUR * max(dot(s.normal, RIM), 0.0) * s.sky * 0.5;
    float nv = max(dot(s.normal, s.view), 0.0);
    float fuzz = 0.55 * pow(1.0 - nv, 3.0);
    return s.albedo * light * (1.0 + 0.14 * rib + fuzz) * (0.55 + 0.45 * s.sky);
}
