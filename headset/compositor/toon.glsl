// A drawn figure: lit and shaded in two tones, as its author wants them. Source: VRMC_materials_mtoon-1.0.

#define filmic(colour) clamp(colour, 0.0, 1.0)  // an author's colours are shown, not photographed

#ifdef SHADE_MAP
uniform sampler2D shade_map;
#endif
#ifdef SHIFT_MAP
uniform sampler2D shift_map;
#endif
#ifdef RIM_MAP
uniform sampler2D rim_map;
#endif
#ifdef MATCAP_MAP
uniform sampler2D matcap_map;
#endif

const vec3 LAMP = vec3(0.86, 0.85, 0.83);
const vec3 AROUND = vec3(0.14, 0.145, 0.155);

vec3 shade(Surface s) {
#ifdef OUTLINE
    return outline.rgb * mix(vec3(1.0), s.albedo * (LAMP + AROUND), outline_width.y);
#else
    vec3 dark = shade_colour.rgb;
#ifdef SHADE_MAP
    dark *= texture(shade_map, placed(SHADE, part_uv)).rgb;
#endif
    float shift = shade_colour.w;
#ifdef SHIFT_MAP
    shift += texture(shift_map, placed(SHIFT, part_uv)).r * toon.z;
#endif
    float low = -1.0 + toon.x, high = 1.0 - toon.x;
    float lit = clamp((dot(s.normal, KEY) + shift - low) / max(high - low, 1e-4), 0.0, 1.0);
    vec3 even = AROUND * mix(0.7 + 0.3 * s.normal.y, 1.0, toon.y);
    vec3 colour = mix(dark, s.albedo, lit) * LAMP + s.albedo * even;

    vec3 edge = vec3(0.0);
#ifdef MATCAP_MAP
    vec3 side = normalize(vec3(s.view.z, 0.0, -s.view.x) + vec3(1e-5, 0.0, 0.0));
    vec2 ball = 0.495 * vec2(dot(side, s.normal), -dot(cross(s.view, side), s.normal)) + 0.5;
    edge = matcap.rgb * texture(matcap_map, ball).rgb;
#endif
    float grazing = clamp(1.0 - dot(s.normal, s.view) + matcap.w, 0.0, 1.0);
    edge += rim.rgb * pow(grazing, max(rim.w, 1e-4));
#ifdef RIM_MAP
    edge *= texture(rim_map, placed(RIM_MASK, part_uv)).rgb;
#endif
    return colour + edge * mix(vec3(1.0), LAMP + AROUND, toon.w) + part_emission;
#endif
}
