// What Python writes for each view and each pose. Rows of matrices are rows: numpy's order.
// Views drawn at once, an instance each and a layer of the target each, are told apart by number.

#ifndef VIEWS
#define VIEWS 1
#endif
#ifndef ROWS
#define ROWS 13
#endif

layout(std140, row_major) uniform View {
    mat4 view_projection[VIEWS];
    vec4 camera[VIEWS];  // position, metres
    vec4 look;           // highlight 0..1, opacity 0..1
    vec4 within[4 * VIEWS];  // planes in clip space: nothing beyond them, where that is asked for
};

layout(std140) uniform Pose {
    vec4 weights[ROWS];   // of targets or clips, four to a row, 0..1.2
    vec4 eye_axes[6];     // left x y z, right x y z: where the eyeball's axes are turned to
    vec4 eye_centre[2];   // metres; w: radius
    vec4 eye_rest[2];     // the centre as modelled
    vec4 head[3];         // the head's turn on its body, row by row
    vec4 pivot;           // what it turns about, metres
    vec4 mouth;           // x: how far open, 0..1, for the light that gets in
};
