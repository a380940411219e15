// Skin: light spreads under the surface, red farthest, more where the face curves more; on top an
// oily film of two lobes, broken up by pores. An analytic stand-in for a pre-integrated table
// (Penner, Pre-Integrated Skin Shading, 2011), without a texture. No light comes through thin parts, as
// through ears from behind: how thick a head is where is not baked.

const vec3 SPREAD_M = vec3(0.0090, 0.0036, 0.0022);
const vec3 SPREAD_LEAST = vec3(0.24, 0.13, 0.09);
const float F0 = 0.028;      // of skin: refractive index 1.4
const float PORE_M = 0.0011; // from pore to pore

// Slow waves bent by one another: never the same twice across a face. Within -1 and 1.
float mottle(vec3 p) {
    vec3 q = p + 1.9 * sin(0.61 * p.yzx + vec3(0.0, 1.3, 2.1));
    return sin(q.x + 0.8 * q.y) * sin(q.y - 0.6 * q.x + 0.7 * q.z) * 0.6
        + sin(1.3 * q.z - 0.9 * q.x + 1.1 * q.y) * 0.4;
}

// What pores do to the normal, and how much of them a pixel can still hold.
vec3 pores(vec3 rest) {
    vec3 p = rest * (6.2832 / PORE_M);
    float held = clamp(1.5 - 0.75 * length(fwidth(p)), 0.0, 1.0);
    if (held <= 0.0) return vec3(0.0);
    vec3 q = p + 1.6 * sin(0.47 * p.zxy);
    return held * vec3(cos(q.x) * sin(q.y), sin(q.x) * cos(q.y), sin(q.x + q.y) * cos(q.z));
}

vec3 shade(Surface s) {
    vec3 w = min(SPREAD_LEAST + SPREAD_M * s.curvature, 0.8);
    float tone = mottle(s.rest * 420.0);
    // Blood shows unevenly: redder here, paler there.
    vec3 albedo = s.albedo * (1.0 + tone * vec3(0.012, 0.040, 0.045));
    vec3 sky = bounced(s.sky, albedo);
    vec3 shadow = mix(vec3(s.key), vec3(sqrt(s.key)), vec3(0.6, 0.1, 0.0));  // a red penumbra
    float rim = max(dot(s.normal, RIM) + 0.3, 0.0);
    vec3 light = room(s.normal) * sky
        + KEY_COLOUR * rounded(dot(s.normal, KEY), w) * shadow
        + FILL_COLOUR * rounded(dot(s.normal, FILL), w) * sky
        + RIM_COLOUR * rim * rim * sky;

    // Pores and mottling roughen only what glances off; what comes from below is soft anyway.
    vec3 n = normalize(s.normal + 0.10 * pores(s.rest));
    float roughness = clamp(s.roughness + 0.05 - 0.06 * tone, 0.2, 1.0);
    float film = 0.85 * ggx(n, s.view, KEY, roughness, F0)
        + 0.15 * ggx(n, s.view, KEY, 0.65 * roughness, F0);
    float edge = fresnel(max(dot(n, s.view), 0.0), F0) * (1.0 - 0.6 * roughness);
    vec3 around = reflected(reflect(-s.view, n), roughness) + RIM_COLOUR * rim;
    return albedo * light + (KEY_COLOUR * film * s.key + around * edge * s.sky) * s.sky;
}
