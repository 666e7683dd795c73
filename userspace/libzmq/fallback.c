// SPDX-License-Identifier: MPL-2.0
/* Where there is no AF_ZMQ: find the real libzmq.so.5 and its functions. */
#include "shim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SONAME	"libzmq.so.5"

/* Is the file at this path a build of this library? */
static bool file_is_shim(const char *path)
{
	bool found = false;
	struct stat st;
	void *text;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (!fstat(fd, &st) && st.st_size > 0) {
		text = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (text != MAP_FAILED) {
			found = memmem(text, st.st_size, ZS_NAME,
				       strlen(ZS_NAME));
			munmap(text, st.st_size);
		}
	}
	close(fd);
	return found;
}

/*
 * RTLD_DEEPBIND: what the library calls itself by its own exported names must
 * not end up here, in front of it in the global scope.
 */
static void *open_in(const char *dir)
{
	char path[PATH_MAX];
	int len;

	len = snprintf(path, sizeof(path), "%s/" SONAME, dir);
	if (len >= (int)sizeof(path) || access(path, R_OK) ||
	    file_is_shim(path))
		return NULL;
	return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
}

/* Look where the dynamic linker looks; by soname it would find us again. */
static void *open_real(void)
{
	void *self = dlopen(NULL, RTLD_NOW);
	void *handle = NULL;
	Dl_serinfo size, *info;
	unsigned int i;

	if (!self || dlinfo(self, RTLD_DI_SERINFOSIZE, &size))
		return NULL;
	info = malloc(size.dls_size);
	if (!info)
		return NULL;
	if (!dlinfo(self, RTLD_DI_SERINFOSIZE, info) &&
	    !dlinfo(self, RTLD_DI_SERINFO, info))
		for (i = 0; i < info->dls_cnt && !handle; i++)
			handle = open_in(info->dls_serpath[i].dls_name);
	free(info);
	return handle ? handle : open_in("/usr/local/lib");
}

/**
 * zs_real_load - load the real libzmq
 * @real: where its functions go
 *
 * Return: true if it was found and has at least all stable functions.
 */
bool zs_real_load(struct zs_real *real)
{
	void *handle = open_real();

	if (!handle)
		return false;
#define FN(ret, fail, name, params, args)	\
	*(void **)&real->fn_##name = dlsym(handle, "zmq_" #name);
#define FN_VOID(name, params, args)		\
	*(void **)&real->fn_##name = dlsym(handle, "zmq_" #name);
#include "abi.h"
	return real->fn_timers_execute && real->fn_msg_gets;
}
