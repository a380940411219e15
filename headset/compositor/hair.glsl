// Hair, brows and lashes: soft diffuse, and the two bands of light that run across combed strands:
// the first white, off the strands' outside, the second their own colour, from within.
// Source: Kajiya and Kay, Rendering Fur with Three Dimensional Textures, 1989; Scheuermann,
// Practical Real-Time Hair Rendering and Shading, 2004 (the shifted second lobe).

// A wave that fades out where a pixel no longer holds it: no moire.
float strands(float phase) {
    return sin(phase) * clamp(1.6 - fwidth(phase), 0.0, 1.0);
}

float band(vec3 along, vec3 h, float sharpness) {
    float th = dot(along, h);
    return pow(max(1.0 - th * th, 0.0), 0.5 * sharpness);
}

vec3 shade(Surface s) {
    float around = atan(s.rest.x, s.rest.z);
    float tone = strands(around * 90.0 + s.rest.y * 60.0), fine = strands(around * 211.0);
    // Rough hair is short, as brows and lashes are: strokes that lean outwards, and no bands.
    float stubble = smoothstep(0.55, 0.70, s.roughness);
    tone = mix(tone, strands(abs(s.rest.x) * 4200.0 - s.rest.y * 2900.0), stubble);
    float strand = 0.5 + 0.3 * tone + 0.2 * fine;
    vec3 w = vec3(0.5);
    vec3 light = room(s.normal) * s.sky
        + KEY_COLOUR * rounded(dot(s.normal, KEY), w) * (0.3 + 0.7 * s.key)
        + FILL_COLOUR * rounded(dot(s.normal, FILL), w) * s.sky;

    // Combed down, along the surface; each strand's scales tilt it a little.
    vec3 along = normalize(vec3(0.0, -1.0, 0.0) + s.normal * s.normal.y + vec3(0.0, 0.0, 1e-3));
    vec3 h = normalize(s.view + KEY);
    float lit = rounded(dot(s.normal, KEY), vec3(0.25)).x * s.key;
    float white = band(normalize(along + s.normal * (0.08 + 0.10 * tone)), h, 60.0);
    float own = band(normalize(along - s.normal * (0.16 - 0.14 * fine)), h, 22.0);
    vec3 sheen = (1.0 - stubble) * KEY_COLOUR * lit * (0.055 * white + s.albedo * 0.9 * own)
        + RIM_COLOUR * max(dot(s.normal, RIM), 0.0) * 0.06;
    return s.albedo * light * (0.75 + 0.5 * strand) + sheen * (0.35 + 0.65 * strand) * s.sky;
}
