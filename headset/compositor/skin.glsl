// Skin: light spreads under the surface, red farthest, more where the face curves more; on top an
// oily film. An analytic stand-in for a pre-integrated table (Penner 2011), without a texture.

const vec3 SPREAD_M = vec3(0.0090, 0.0036, 0.0022);
const vec3 SPREAD_LEAST = vec3(0.24, 0.13, 0.09);

vec3 shade(Surface s) {
    vec3 w = min(SPREAD_LEAST + SPREAD_M * s.curvature, 0.8);
    vec3 sky = bounced(s.sky, s.albedo);
    vec3 shadow = mix(vec3(s.key), vec3(sqrt(s.key)), vec3(0.6, 0.1, 0.0));  // a red penumbra
    float rim = max(dot(s.normal, RIM) + 0.3, 0.0);
    vec3 light = room(s.normal) * sky
        + KEY_COLOUR * rounded(dot(s.normal, KEY), w) * shadow
        + FILL_COLOUR * rounded(dot(s.normal, FILL), w) * sky
        + RIM_COLOUR * rim * rim * sky;

    float film = ggx(s.normal, s.view, KEY, s.roughness, 0.028) * s.key;
    float edge = fresnel(max(dot(s.normal, s.view), 0.0), 0.028) * (1.0 - 0.6 * s.roughness);
    vec3 around = reflected(reflect(-s.view, s.normal), s.roughness) + RIM_COLOUR * rim;
    return s.albedo * light + (KEY_COLOUR * film + around * edge * s.sky) * s.sky;
}
