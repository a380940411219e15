// The studio, fixed to the avatar: a warm key, a cool fill, a rim from behind, and a soft room.
// Everything is linear; the framebuffer encodes to sRGB.

struct Surface {
    vec3 position;
    vec3 rest;
    vec3 normal;
    vec3 view;         // unit, towards the camera
    vec3 albedo;
    float roughness;
    float sky;         // part of the sky seen, 0..1
    float key;         // part of the key light seen, 0..1
    float curvature;   // 1/m
    int eye;           // 0 left, 1 right, else -1
};

const vec3 KEY_COLOUR = vec3(1.52, 1.40, 1.25);
const vec3 FILL = normalize(vec3(-0.80, 0.20, 0.55));
const vec3 FILL_COLOUR = vec3(0.34, 0.40, 0.48);
const vec3 RIM = normalize(vec3(-0.55, 0.45, -0.80));
const vec3 RIM_COLOUR = vec3(0.75, 0.80, 0.90);

// Light that comes to a normal from the room.
vec3 room(vec3 n) {
    return mix(vec3(0.20, 0.175, 0.16), vec3(0.44, 0.46, 0.50), n.y * 0.5 + 0.5);
}

// What the room looks like in a direction, blurred by roughness. The lamps are not in it: `ggx` is.
vec3 reflected(vec3 d, float roughness) {
    float edge = 0.15 + 0.65 * roughness;
    return mix(vec3(0.08), vec3(0.46, 0.49, 0.54), smoothstep(-edge, edge, d.y));
}

// max(x, 0) with its corner rounded over +-w: light bleeds across the terminator.
vec3 rounded(float x, vec3 w) {
    vec3 t = clamp(vec3(x) + w, vec3(0.0), 2.0 * w);
    return t * t / (4.0 * w) + max(x - w, 0.0);
}

// GGX with Smith's masking and Schlick's Fresnel, times n.l. Source: Karis, Real Shading in UE4, 2013.
float ggx(vec3 n, vec3 v, vec3 l, float roughness, float f0) {
    vec3 h = normalize(v + l);
    float a = roughness * roughness, a2 = a * a;
    float nl = max(dot(n, l), 0.0), nv = abs(dot(n, v)) + 1e-3, nh = max(dot(n, h), 0.0);
    float d = nh * nh * (a2 - 1.0) + 1.0;
    float k = (roughness + 1.0) * (roughness + 1.0) / 8.0;
    float masking = 0.25 / ((nl * (1.0 - k) + k) * (nv * (1.0 - k) + k));
    float f = f0 + (1.0 - f0) * exp2((-5.55473 * dot(v, h) - 6.98316) * dot(v, h));
    return a2 / (d * d) * masking * f * nl;  // the pi of the distribution meets that of the light
}

float fresnel(float nv, float f0) {
    float x = 1.0 - nv, x2 = x * x;
    return f0 + (1.0 - f0) * x2 * x2 * x;
}

// Occlusion on a surface that lights itself: pale skin stays warm in its creases.
// Source: Jimenez et al., Practical Real-Time Strategies for Accurate Indirect Occlusion, 2016.
vec3 bounced(float sky, vec3 albedo) {
    vec3 a = 2.0404 * albedo - 0.3324, b = -4.7951 * albedo + 0.6417, c = 2.7552 * albedo + 0.6903;
    return max(vec3(sky), ((sky * a + b) * sky + c) * sky);
}

// Filmic curve. Source: Narkowicz, ACES Filmic Tone Mapping Curve, 2015.
vec3 filmic(vec3 x) {
    x *= 0.80;
    return clamp(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0);
}
