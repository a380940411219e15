// An eyeball: the iris is painted on a disc behind the cornea and seen through it, so that it has
// depth; the cornea, more curved than the ball, holds the highlights that make an eye look alive.

const float IRIS_M = 0.0061;
const float PUPIL = 0.36;  // of the iris's radius

vec3 iris(vec2 q) {  // q: 1 at the rim
    float r = length(q), a = atan(q.y, q.x);
    float fibre = 0.5 + 0.2 * sin(17.0 * a + 5.0 * r) + 0.2 * sin(29.0 * a - 7.0 * r)
        + 0.1 * sin(53.0 * a + 3.0 * r);
    vec3 c = mix(vec3(0.045, 0.105, 0.125), vec3(0.20, 0.31, 0.31), fibre * smoothstep(0.3, 0.9, r));
    c = mix(vec3(0.24, 0.15, 0.06), c, smoothstep(0.34, 0.62, r + 0.10 * fibre));  // round the pupil
    c *= 1.0 - 0.85 * smoothstep(0.78, 1.0, r);                                    // limbal ring
    return c * smoothstep(PUPIL - 0.05, PUPIL + 0.05, r);
}

vec3 shade(Surface s) {
    int e = max(s.eye, 0);
    vec3 x = eye_axes[3 * e].xyz, y = eye_axes[3 * e + 1].xyz, z = eye_axes[3 * e + 2].xyz;
    vec3 d = normalize(s.position - eye_centre[e].xyz);
    float rim = IRIS_M / eye_centre[e].w;  // of the ball's radius
    vec3 p = vec3(dot(d, x), dot(d, y), dot(d, z));  // turned with the eye: it looks along +z
    float off = p.z > 0.0 ? length(p.xy) : 2.0;

    // The cornea's own centre lies ahead of the ball's.
    float cornea = 1.0 - smoothstep(rim * 0.85, rim * 1.2, off);
    vec3 n = normalize(mix(d, normalize(d - 0.45 * z), cornea));

    vec3 v = vec3(dot(s.view, x), dot(s.view, y), dot(s.view, z));
    vec3 through = refract(-v, vec3(dot(n, x), dot(n, y), dot(n, z)), 1.0 / 1.336);
    float disc = sqrt(1.0 - rim * rim) - 0.10;
    vec2 q = (p + through * max((disc - p.z) / min(through.z, -0.2), 0.0)).xy / rim;

    float corner = smoothstep(0.25, 0.95, abs(d.x));
    vec3 white = mix(vec3(0.74, 0.71, 0.68), vec3(0.60, 0.38, 0.34), corner * 0.7);
    // Fine vessels, that run from the corners and thin out towards the iris.
    float vessel = sin(31.0 * d.y + 3.0 * sin(8.0 * d.x + 5.0 * d.y) + 2.0 * sin(23.0 * d.x));
    white = mix(white, vec3(0.55, 0.20, 0.18), 0.30 * corner * smoothstep(0.90, 1.0, vessel));
    float edge = smoothstep(rim * 0.90, rim * 1.06, off);
    vec3 albedo = mix(iris(q), white, edge);
#ifdef COLOUR_MAP
    albedo = s.albedo;  // a file's eyes are of its own colour
#endif

    // The lids shade the ball wherever it is turned, the upper one most.
    float lids = smoothstep(0.62, -0.05, d.y) * smoothstep(-0.9, -0.1, d.y) * (1.0 - 0.5 * corner);
    float sky = 0.25 + 0.75 * lids;
    // The iris is a bowl: it gathers light on the side away from the lamp.
    vec3 bowl = normalize(mix(2.0 * z - n, d, edge));
    vec3 w = vec3(0.45, 0.38, 0.35);
    vec3 c = albedo * sky * (room(d) + FILL_COLOUR * rounded(dot(bowl, FILL), w)
        + KEY_COLOUR * rounded(dot(bowl, KEY), w) * 0.75);

    float nv = max(dot(n, s.view), 0.0);
    c += reflected(reflect(-s.view, n), 0.08) * min(fresnel(nv, 0.025), 0.4) * sky;
    c += KEY_COLOUR * ggx(n, s.view, KEY, 0.13, 0.03) * 0.5;
    return c + FILL_COLOUR * ggx(n, s.view, FILL, 0.16, 0.03) * 0.5 * sky;
}
