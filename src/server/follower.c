/*
 * follower.c - the thread that follows, and its patience with failures.
 *
 * Knows nothing of logs.
 */
#include "server/follower.h"

#include "base/alloc.h"

#include <sys/eventfd.h>
#include <unistd.h>

#define PATIENCE_FIRST_S 1u
#define PATIENCE_MAX_S 60u

struct follower {
    server_follow *follow;
    char *path;
    char *source;
    struct server_stop stop;
    uv_mutex_t mutex;
    uv_cond_t wake;
    uv_thread_t thread;
};

/* Waits before the next try; false when it is to stop. */
static bool wait_for(struct follower *follower, unsigned seconds)
{
    uint64_t now = uv_hrtime();
    uint64_t end = now + (uint64_t)seconds * 1000000000;
    uv_mutex_lock(&follower->mutex);
    for (; __atomic_load_n(&follower->stop.flag, __ATOMIC_RELAXED) == 0 && now < end; now = uv_hrtime()) {
        uv_cond_timedwait(&follower->wake, &follower->mutex, end - now);
    }
    uv_mutex_unlock(&follower->mutex);
    return __atomic_load_n(&follower->stop.flag, __ATOMIC_RELAXED) == 0;
}

static void run(void *context)
{
    struct follower *follower = context;
    unsigned seconds = PATIENCE_FIRST_S;
    bool go_on = true;
    while (go_on) {
        aisle_error error = {0};
        if (follower->follow(follower->path, follower->source, &follower->stop, &error) == 0) {
            seconds = PATIENCE_FIRST_S;
        } else {
            server_log("following %s into %s: %s; trying again in %u s", follower->source, follower->path,
                       error.message, seconds);
            seconds = seconds * 2 > PATIENCE_MAX_S ? PATIENCE_MAX_S : seconds * 2;
        }
        go_on = wait_for(follower, seconds);
    }
}

static void release(struct follower *follower)
{
    if (follower->stop.wake_fd >= 0) {
        close(follower->stop.wake_fd);
    }
    mem_free(follower->path);
    mem_free(follower->source);
    mem_free(follower);
}

int follower_start(server_follow *follow, const char *path, const char *source, struct follower **out,
                   aisle_error *error)
{
    *out = NULL;
    if (follow == NULL) {
        return error_set(error, AISLE_INVALID, "this program cannot follow change logs");
    }
    struct follower *follower = mem_calloc(1, sizeof *follower);
    if (follower == NULL) {
        return error_no_memory(error, "following a change log");
    }
    follower->follow = follow;
    follower->stop.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); /* without one, ending takes up to a second */
    follower->path = mem_copy_string(path, strlen(path));
    follower->source = mem_copy_string(source, strlen(source));
    if (follower->path == NULL || follower->source == NULL || uv_mutex_init(&follower->mutex) != 0) {
        goto fail_mutex;
    }
    if (uv_cond_init(&follower->wake) != 0) {
        goto fail_wake;
    }
    if (uv_thread_create(&follower->thread, run, follower) == 0) {
        server_log("%s follows %s%s", path, source, access(source, F_OK) == 0 ? "" : ", which is not there yet");
        *out = follower;
        return 0;
    }
    uv_cond_destroy(&follower->wake);
fail_wake:
    uv_mutex_destroy(&follower->mutex);
fail_mutex:
    release(follower);
    return error_set(error, AISLE_NO_MEMORY, "a thread that follows a change log cannot be started");
}

const struct server_stop *follower_tells(const struct follower *follower)
{
    return &follower->stop;
}

void follower_stop(struct follower *follower)
{
    if (follower == NULL) {
        return;
    }
    uv_mutex_lock(&follower->mutex);
    __atomic_store_n(&follower->stop.flag, 1, __ATOMIC_RELAXED);
    if (follower->stop.wake_fd >= 0) {
        (void)!write(follower->stop.wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    }
    uv_cond_signal(&follower->wake);
    uv_mutex_unlock(&follower->mutex);
    uv_thread_join(&follower->thread);
    uv_cond_destroy(&follower->wake);
    uv_mutex_destroy(&follower->mutex);
    release(follower);
}
