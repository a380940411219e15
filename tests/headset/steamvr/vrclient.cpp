// A SteamVR for tests: the client library that OpenVR's loader finds in SteamVR's folder.
//
// It answers what a background app asks out of a block of memory that the test writes, and keeps
// there how it was used. Any other call of the two tables is counted as unexpected. `layout.h` is
// made from the very definitions of the `openvr` package: the block, the tables' order, the sizes.

#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "layout.h"

static Control *control;

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

static void *system_table[SYSTEM_CALLS], *applications_table[APPLICATIONS_CALLS];

struct ClientCore {  // IVRClientCore_003
    virtual int32_t init(int32_t application, const char *) {
        ++control->joins;
        control->application = application;
        return control->refusal;
    }
    virtual void cleanup() { ++control->leaves; }
    virtual int32_t valid(const char *name) {
        bool known = !strcmp(name, SYSTEM_VERSION) || !strcmp(name, APPLICATIONS_VERSION);
        return known && !control->old ? 0 : 105;  // InterfaceNotFound
    }
    virtual void *generic(const char *name, int32_t *error) {
        *error = 0;
        if (!strcmp(name, "FnTable:" SYSTEM_VERSION)) return system_table;
        if (!strcmp(name, "FnTable:" APPLICATIONS_VERSION)) return applications_table;
        return *error = 105, nullptr;
    }
    virtual bool present() { return true; }
    virtual const char *english(int32_t) { return "an error"; }
    virtual const char *symbol(int32_t) { return "VRInitError"; }
};

extern "C" __attribute__((visibility("default"))) void *VRClientCoreFactory(const char *name, int *) {
    if (strcmp(name, "IVRClientCore_003")) return nullptr;
    if (!control) {
        int file = open(CONTROL_FILE, O_RDWR);
        control = (Control *)mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        close(file);
    }
    for (void *&call : system_table) call = (void *)unexpected;
    for (void *&call : applications_table) call = (void *)unexpected;
    system_table[SYSTEM_getDeviceToAbsoluteTrackingPose] = (void *)poses;
    system_table[SYSTEM_getTrackedDeviceActivityLevel] = (void *)activity;
    system_table[SYSTEM_pollNextEvent] = (void *)next_event;
    system_table[SYSTEM_acknowledgeQuit_Exiting] = (void *)acknowledge;
    applications_table[APPLICATIONS_getSceneApplicationState] = (void *)scene_state;
    applications_table[APPLICATIONS_getCurrentSceneProcessId] = (void *)scene_process;
    applications_table[APPLICATIONS_getApplicationKeyByProcessId] = (void *)key_of;
    applications_table[APPLICATIONS_getApplicationPropertyString] = (void *)property;
    static ClientCore core;
    return &core;
}
