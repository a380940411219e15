// What a file's material says of a pixel, before it is lit. Source: Khronos glTF 2.0, 3.9;
// VRMC_materials_mtoon-1.0 (uv animation).

#ifdef COLOUR_MAP
uniform sampler2D colour_map;
#endif
#ifdef NORMAL_MAP
uniform sampler2D normal_map;
#endif
#ifdef METAL_ROUGH_MAP
uniform sampler2D metal_rough_map;
#endif
#ifdef OCCLUSION_MAP
uniform sampler2D occlusion_map;
#endif
#ifdef EMISSION_MAP
uniform sampler2D emission_map;
#endif
#ifdef MOTION_MAP
uniform sampler2D motion_map;
#endif

vec4 part_uv;        // as the textures of this pixel lie
float part_metal;
vec3 part_emission;

vec2 moved(vec2 p, float share) {
    float c = cos(motion.z * share), s = sin(motion.z * share);
    p = mat2(c, -s, s, c) * (p - 0.5) + 0.5;
    return p + motion.xy * share;
}

// A normal bent by a texture, its axes found from how position and coordinates change across the
// picture: no tangents to keep while a face moves. Source: Mikkelsen, Bump Mapping Unparametrized
// Surfaces on the GPU, 2010; Schueler, Followup: Normal Mapping Without Precomputed Tangents, 2013.
vec3 bent(vec3 n, vec3 position, vec2 at, vec3 bump) {
    vec3 px = dFdx(position), py = dFdy(position);
    vec2 tx = dFdx(at), ty = dFdy(at);
    vec3 across = cross(py, n), upright = cross(n, px);
    vec3 t = across * tx.x + upright * ty.x, b = across * tx.y + upright * ty.y;
    float scale = inversesqrt(max(max(dot(t, t), dot(b, b)), 1e-20));
    // glTF's second axis goes up the picture, and v down.
    return normalize(mat3(t * scale, -b * scale, n) * bump);
}

float dressed(inout Surface s, vec4 uv) {
    float share = 1.0;
#ifdef MOTION_MAP
    share = texture(motion_map, placed(MOTION, uv)).b;
#endif
#ifdef MOVES
    uv = vec4(moved(uv.xy, share), moved(uv.zw, share));
#endif
    part_uv = uv;
    vec4 colour = base * vec4(s.albedo, s.roughness);  // a vertex's own colour, and its alpha
#ifdef COLOUR_MAP
    colour *= texture(colour_map, placed(COLOUR, uv));
#endif
#ifdef MASKED
    if (colour.a < emission.w) discard;
#endif
    s.albedo = colour.rgb;
    s.roughness = finish.x;
    part_metal = finish.y;
#ifdef METAL_ROUGH_MAP
    vec4 metal_rough = texture(metal_rough_map, placed(METAL_ROUGH, uv));
    s.roughness *= metal_rough.g;
    part_metal *= metal_rough.b;
#endif
    s.roughness = clamp(s.roughness, 0.05, 1.0);
#ifdef OCCLUSION_MAP
    s.sky *= mix(1.0, texture(occlusion_map, placed(OCCLUSION, uv)).r, finish.w);
#endif
#ifdef NORMAL_MAP
    vec2 at = placed(NORMAL, uv);
    vec3 bump = texture(normal_map, at).xyz * 2.0 - 1.0;
    s.normal = bent(s.normal, s.position, at, bump * vec3(finish.zz, 1.0));
#endif
    part_emission = emission.rgb;
#ifdef EMISSION_MAP
    part_emission *= texture(emission_map, placed(EMISSION, uv)).rgb;
#endif
#ifdef BLENDS
    return colour.a;
#else
    return 1.0;
#endif
}
