// A SteamVR for tests: the client library that OpenVR's loader finds in SteamVR's folder.
//
// It answers what a background app asks out of a block of memory that the test writes, and keeps
// there how it was used. Any other call of the tables is counted as unexpected. `layout.h` is
// made from the very definitions of the `openvr` package: the block, the tables' order, the sizes.
//
// Overlays' pictures are read back from the caller's OpenGL textures, in its context, as they are
// handed in: what a test finds is what SteamVR would have been given.

#include <cstdint>
#include <cstring>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "layout.h"

static Control *control;
static Overlay *overlays;
static uint8_t *pictures;

struct Pose {
    float matrix[12], velocity[3], angular_velocity[3];
    int32_t result;
    bool valid, connected;
};
struct Event {
    uint32_t type, device;
    float age_s;
    char what[EVENT_BYTES - 12];
};
static_assert(sizeof(Pose) == POSE_BYTES && sizeof(Event) == EVENT_BYTES, "as openvr has them");

static uintptr_t unexpected() { return ++control->unexpected, 0; }

static void poses(int32_t universe, float ahead_s, Pose *out, uint32_t count) {
    control->universe = universe;
    control->ahead_s = ahead_s;
    ++control->poses;
    memset(out, 0, count * sizeof(Pose));
    memcpy(out->matrix, control->matrix, sizeof out->matrix);
    out->result = control->result;
    out->valid = control->valid != 0;
    out->connected = control->connected != 0;
}

static int32_t activity(uint32_t device) { return device == 0 ? control->activity : -1; }

static bool next_event(Event *event, uint32_t size) {
    if (size != sizeof(Event)) return unexpected();
    memset(event, 0, sizeof *event);
    if (control->noise > 0) return --control->noise, event->type = 100, true;
    if (control->quits > 0) return --control->quits, event->type = 700, true;
    return false;
}

static void acknowledge() { ++control->acknowledged; }

static int32_t scene_state() { return control->scene_state; }
static uint32_t scene_process() { return control->scene_process; }

static int32_t key_of(uint32_t process, char *key, uint32_t size) {
    if (process != (uint32_t)control->scene_process || !process) return 103;  // NoApplication
    if (size < sizeof control->key) return 200;                               // BufferTooSmall
    return memcpy(key, control->key, sizeof control->key), 0;
}

static uint32_t property(const char *key, int32_t, char *value, uint32_t size, int32_t *error) {
    *error = strcmp(key, control->key) ? 101 : 0;  // UnknownApplication
    if (*error || size < sizeof control->name) return 0;
    memcpy(value, control->name, sizeof control->name);
    return strlen(control->name) + 1;
}

// The display.

static double now_s() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

struct Matrix34 { float rows[3][4]; };
static Matrix34 eye_to_head(int32_t eye) {
    const float *at = control->eyes + 3 * eye;
    // Turned outwards, as canted displays are: a pane does not care.
    float cosine = 0.995f, sine = eye ? -0.0999f : 0.0999f;
    return {{{cosine, 0, sine, at[0]}, {0, 1, 0, at[1]}, {-sine, 0, cosine, at[2]}}};
}

static float number_of(uint32_t device, int32_t property, int32_t *error) {
    *error = 0;
    if (device == 0 && property == 2002) return control->rate_hz;
    if (device == 0 && property == 2001) return control->to_photons_s;
    return *error = 9, unexpected(), 0.0f;  // TrackedProp_UnknownProperty
}

static void render_size(uint32_t *width, uint32_t *height) {
    *width = control->eye_px[0], *height = control->eye_px[1];
}

static void projection(int32_t, float *left, float *right, float *top, float *bottom) {
    const float *t = control->tangents;
    *left = t[0], *right = t[1], *top = t[2], *bottom = t[3];
}

static bool since_vsync(float *since_s, uint64_t *frame) {
    double frames = now_s() * control->rate_hz;
    *frame = (uint64_t)frames;
    *since_s = (float)((frames - (double)*frame) / control->rate_hz);
    return !control->frozen;
}

static void sleep_s(double duration_s) { usleep((useconds_t)(duration_s * 1e6)); }

static int32_t wait_frame(uint32_t timeout_ms) {
    if (control->frozen) return sleep_s(timeout_ms / 1000.0), 34;  // TimedOut
    float since_s;
    uint64_t frame;
    since_vsync(&since_s, &frame);
    return sleep_s(1.0 / control->rate_hz - since_s), 0;
}

// Overlays. A handle is a place among them, and a number that tells of mistakes.

enum { HANDLE = 0x700, UNKNOWN = 10, INVALID_HANDLE = 11, KEY_IN_USE = 17, INVALID_TEXTURE = 24 };

static Overlay *overlay_of(uint64_t handle) {
    Overlay *one = overlays + (handle - HANDLE);
    if (handle < HANDLE || handle >= HANDLE + OVERLAYS || !one->alive) return unexpected(), nullptr;
    return one;
}

static int32_t create_overlay(const char *key, const char *name, uint64_t *handle) {
    if (control->refuses_overlay) return control->refuses_overlay;
    for (int place = 0; place < OVERLAYS; ++place)
        if (overlays[place].alive && !strcmp(overlays[place].key, key)) return KEY_IN_USE;
    for (int place = 0; place < OVERLAYS; ++place) {
        Overlay *one = overlays + place;
        if (one->alive) continue;
        memset(one, 0, sizeof *one);
        strncpy(one->key, key, sizeof one->key - 1);
        strncpy(one->name, name, sizeof one->name - 1);
        one->width_m = one->alive = 1;
        one->device = -1;
        return *handle = HANDLE + place, 0;
    }
    return 13;  // OverlayLimitExceeded
}

#define OF(handle)                     \
    Overlay *one = overlay_of(handle); \
    if (!one) return INVALID_HANDLE

static int32_t destroy_overlay(uint64_t handle) { OF(handle); return one->alive = 0; }

static int32_t overlay_flag(uint64_t handle, uint32_t flag, bool on) {
    OF(handle);
    return one->flags = on ? one->flags | flag : one->flags & ~flag, 0;
}

static int32_t overlay_order(uint64_t handle, uint32_t order) { OF(handle); return one->order = order, 0; }

static int32_t overlay_width(uint64_t handle, float width_m) { OF(handle); return one->width_m = width_m, 0; }

static int32_t overlay_absolute(uint64_t handle, int32_t universe, const float *matrix) {
    OF(handle);
    one->universe = universe;
    one->device = -1;
    memcpy(one->matrix, matrix, sizeof one->matrix);
    return 0;
}

static int32_t overlay_on_device(uint64_t handle, uint32_t device, const float *matrix) {
    OF(handle);
    one->device = (int32_t)device;
    memcpy(one->matrix, matrix, sizeof one->matrix);
    return 0;
}

static int32_t show_overlay(uint64_t handle) { OF(handle); return one->shown = 1, 0; }
static int32_t hide_overlay(uint64_t handle) { OF(handle); return one->shown = 0; }
static bool overlay_visible(uint64_t handle) {
    Overlay *one = overlay_of(handle);
    return one && one->shown && one->submits && !control->dashboard;
}

static bool next_overlay_event(uint64_t handle, Event *event, uint32_t size) {
    Overlay *one = overlay_of(handle);
    if (!one || size != sizeof(Event)) return unexpected();
    memset(event, 0, sizeof *event);
    return one->events > 0 && (--one->events, event->type = 500, true);  // OverlayShown
}

struct Texture { void *handle; int32_t type, colour_space; };

template <typename Call> static Call gl(const char *name) {
    void *call = dlsym(RTLD_DEFAULT, name);
    if (call) return (Call)call;
    static void *library = dlopen("libOpenGL.so.0", RTLD_NOW | RTLD_GLOBAL);
    return (Call)dlsym(library, name);
}

static int32_t overlay_texture(uint64_t handle, const Texture *texture) {
    OF(handle);
    enum { TEXTURE_2D = 0xDE1, WIDTH = 0x1000, HEIGHT, FORMAT = 0x1003, RGBA = 0x1908, BYTES = 0x1401 };
    auto bind = gl<void (*)(uint32_t, uint32_t)>("glBindTexture");
    auto ask = gl<void (*)(uint32_t, int32_t, uint32_t, int32_t *)>("glGetTexLevelParameteriv");
    auto read = gl<void (*)(uint32_t, int32_t, uint32_t, uint32_t, void *)>("glGetTexImage");
    auto is_texture = gl<uint8_t (*)(uint32_t)>("glIsTexture");
    int32_t number = (int32_t)(intptr_t)texture->handle;
    if (texture->type != 1 || !is_texture(number)) return INVALID_TEXTURE;
    bind(TEXTURE_2D, number);
    ask(TEXTURE_2D, 0, WIDTH, &one->width_px);
    ask(TEXTURE_2D, 0, HEIGHT, &one->height_px);
    ask(TEXTURE_2D, 0, FORMAT, &one->internal_format);
    if ((int64_t)one->width_px * one->height_px * 4 > SHOWN_BYTES) return INVALID_TEXTURE;
    read(TEXTURE_2D, 0, RGBA, BYTES, pictures + (size_t)(one - overlays) * SHOWN_BYTES);
    bool known = false;
    for (int32_t seen : one->seen_textures) known |= seen == number;
    if (!known) one->seen_textures[one->textures++ % 8] = number;
    one->texture_type = texture->type;
    one->colour_space = texture->colour_space;
    return ++one->submits, 0;
}

static const char *overlay_error(int32_t error) {
    return error == INVALID_TEXTURE ? "VROverlayError_InvalidTexture" : "VROverlayError_RequestFailed";
}

static void *system_table[SYSTEM_CALLS], *applications_table[APPLICATIONS_CALLS];
static void *overlay_table[OVERLAY_CALLS];

struct ClientCore {  // IVRClientCore_003
    virtual int32_t init(int32_t application, const char *) {
        ++control->joins;
        control->application = application;
        return control->refusal;
    }
    virtual void cleanup() {
        ++control->leaves;
        for (int place = 0; place < OVERLAYS; ++place) overlays[place].alive = 0;
    }
    virtual int32_t valid(const char *name) {
        bool known = !strcmp(name, SYSTEM_VERSION) || !strcmp(name, APPLICATIONS_VERSION) ||
                     !strcmp(name, OVERLAY_VERSION);
        return known && !control->old ? 0 : 105;  // InterfaceNotFound
    }
    virtual void *generic(const char *name, int32_t *error) {
        *error = 0;
        if (!strcmp(name, "FnTable:" SYSTEM_VERSION)) return system_table;
        if (!strcmp(name, "FnTable:" APPLICATIONS_VERSION)) return applications_table;
        if (!strcmp(name, "FnTable:" OVERLAY_VERSION)) return overlay_table;
        return *error = 105, nullptr;
    }
    virtual bool present() { return true; }
    virtual const char *english(int32_t) { return "an error"; }
    virtual const char *symbol(int32_t) { return "VRInitError"; }
};

static void *shared(const char *path, size_t bytes) {
    int file = open(path, O_RDWR);
    void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return memory;
}

extern "C" __attribute__((visibility("default"))) void *VRClientCoreFactory(const char *name, int *) {
    if (strcmp(name, "IVRClientCore_003")) return nullptr;
    if (!control) {
        control = (Control *)shared(CONTROL_FILE, sizeof(Control));
        overlays = (Overlay *)shared(OVERLAYS_FILE, OVERLAYS * sizeof(Overlay));
        pictures = (uint8_t *)shared(PICTURES_FILE, (size_t)OVERLAYS * SHOWN_BYTES);
    }
    for (void *&call : system_table) call = (void *)unexpected;
    for (void *&call : applications_table) call = (void *)unexpected;
    for (void *&call : overlay_table) call = (void *)unexpected;
    system_table[SYSTEM_getDeviceToAbsoluteTrackingPose] = (void *)poses;
    system_table[SYSTEM_getTrackedDeviceActivityLevel] = (void *)activity;
    system_table[SYSTEM_pollNextEvent] = (void *)next_event;
    system_table[SYSTEM_acknowledgeQuit_Exiting] = (void *)acknowledge;
    system_table[SYSTEM_getEyeToHeadTransform] = (void *)eye_to_head;
    system_table[SYSTEM_getFloatTrackedDeviceProperty] = (void *)number_of;
    system_table[SYSTEM_getRecommendedRenderTargetSize] = (void *)render_size;
    system_table[SYSTEM_getProjectionRaw] = (void *)projection;
    system_table[SYSTEM_getTimeSinceLastVsync] = (void *)since_vsync;
    overlay_table[OVERLAY_createOverlay] = (void *)create_overlay;
    overlay_table[OVERLAY_destroyOverlay] = (void *)destroy_overlay;
    overlay_table[OVERLAY_setOverlayFlag] = (void *)overlay_flag;
    overlay_table[OVERLAY_setOverlaySortOrder] = (void *)overlay_order;
    overlay_table[OVERLAY_setOverlayWidthInMeters] = (void *)overlay_width;
    overlay_table[OVERLAY_setOverlayTransformAbsolute] = (void *)overlay_absolute;
    overlay_table[OVERLAY_setOverlayTransformTrackedDeviceRelative] = (void *)overlay_on_device;
    overlay_table[OVERLAY_showOverlay] = (void *)show_overlay;
    overlay_table[OVERLAY_hideOverlay] = (void *)hide_overlay;
    overlay_table[OVERLAY_isOverlayVisible] = (void *)overlay_visible;
    overlay_table[OVERLAY_pollNextOverlayEvent] = (void *)next_overlay_event;
    overlay_table[OVERLAY_setOverlayTexture] = (void *)overlay_texture;
    overlay_table[OVERLAY_waitFrameSync] = (void *)wait_frame;
    overlay_table[OVERLAY_getOverlayErrorNameFromEnum] = (void *)overlay_error;
    applications_table[APPLICATIONS_getSceneApplicationState] = (void *)scene_state;
    applications_table[APPLICATIONS_getCurrentSceneProcessId] = (void *)scene_process;
    applications_table[APPLICATIONS_getApplicationKeyByProcessId] = (void *)key_of;
    applications_table[APPLICATIONS_getApplicationPropertyString] = (void *)property;
    static ClientCore core;
    return &core;
}
