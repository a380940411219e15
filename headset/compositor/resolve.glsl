// One eye's picture, its samples averaged as light, in another size or another encoding.

#if SAMPLES > 1
uniform sampler2DMSArray drawn;
#else
uniform sampler2DArray drawn;
#endif
uniform int eye;
uniform ivec2 size;    // of what was drawn
uniform vec4 mapping;  // pixels drawn per pixel here; where this picture's corner is
uniform bool encode;

layout(location = 0) out vec4 pixel;

vec4 mean(ivec2 at) {
    at = clamp(at, ivec2(0), size - 1);
    vec4 sum = vec4(0.0);
    for (int i = 0; i < SAMPLES; ++i) {
#if SAMPLES > 1
        sum += texelFetch(drawn, ivec3(at, eye), i);
#else
        sum += texelFetch(drawn, ivec3(at, eye), 0);
#endif
    }
    return sum / float(SAMPLES);
}

void main() {
    vec2 at = (gl_FragCoord.xy - mapping.zw) * mapping.xy - 0.5;
    if (mapping.xy == vec2(1.0)) {
        pixel = mean(ivec2(round(at)));
    } else {
        ivec2 p = ivec2(floor(at));
        vec2 f = at - vec2(p);
        pixel = mix(mix(mean(p), mean(p + ivec2(1, 0)), f.x),
            mix(mean(p + ivec2(0, 1)), mean(p + ivec2(1, 1)), f.x), f.y);
    }
    if (encode) {  // Source: IEC 61966-2-1
        vec3 c = clamp(pixel.rgb, 0.0, 1.0);
        pixel.rgb = mix(12.92 * c, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055,
            step(vec3(0.0031308), c));
    }
}
