// Teeth, gums, tongue: wet and translucent. Light wanders inside them and between them, so that the
// mouth darkens more slowly than the sky it sees shrinks, and never to black.

vec3 shade(Surface s) {
    vec3 w = vec3(0.45, 0.32, 0.28);
    // What was baked inside and has come out, as a tongue does, sees the sky. How far is told
    // without the head's turn on its body.
    vec3 d = s.position - pivot.xyz;
    float ahead = dot(vec3(head[0].z, head[1].z, head[2].z), d) + pivot.z;
    float open_sky = mix(s.sky, 0.85, smoothstep(0.010, 0.028, ahead - s.rest.z));
    vec3 sky = vec3(0.10, 0.075, 0.07) + 0.92 * pow(open_sky, 0.7);
    vec3 light = room(s.normal) * sky
        + KEY_COLOUR * rounded(dot(s.normal, KEY), w) * sky
        + FILL_COLOUR * rounded(dot(s.normal, FILL), w) * sky;
    vec3 wet = KEY_COLOUR * ggx(s.normal, s.view, KEY, s.roughness, 0.04)
        + FILL_COLOUR * ggx(s.normal, s.view, FILL, s.roughness, 0.04);
    return s.albedo * light + wet * open_sky * 0.7;
}
