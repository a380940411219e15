// A file's material: its parameters, and its textures, each lying in its own way.

const int COLOUR = 0, NORMAL = 1, METAL_ROUGH = 2, OCCLUSION = 3, EMISSION = 4, SHADE = 5, SHIFT = 6,
    RIM_MASK = 7, MATCAP = 8, WIDTH = 9, MOTION = 10;

layout(std140) uniform Material {
    vec4 base;           // linear rgb, alpha
    vec4 emission;       // linear rgb; w: least alpha that is there
    vec4 finish;         // roughness, metal, how far normals bend, how far occlusion darkens
    vec4 shade_colour;   // linear rgb; w: shift towards light
    vec4 rim;            // linear rgb; w: power
    vec4 matcap;         // linear rgb; w: lift of the rim
    vec4 toon;           // hardness of the edge, evenness of the room, reach of the shift's texture,
                         // how far the rim takes the lamps' colour
    vec4 outline;        // linear rgb; w: 1 where the width is a share of half the picture's height
    vec4 outline_width;  // width; how far it takes the lamps' colour
    vec4 motion;         // of texture coordinates: across, down, turn in radians
    vec4 places[22];     // two rows to a texture, from (u, v, 1); w of the first: which set
};

vec2 placed(int role, vec4 uv) {
    vec4 across = places[2 * role], down = places[2 * role + 1];
    vec3 p = vec3(across.w > 0.5 ? uv.zw : uv.xy, 1.0);
    return vec2(dot(across.xyz, p), dot(down.xyz, p));
}

#ifdef WIDTH_MAP
uniform sampler2D width_map;
float outline_mask(vec4 uv) { return textureLod(width_map, placed(WIDTH, uv), 0.0).g; }
#else
float outline_mask(vec4 uv) { return 1.0; }
#endif
