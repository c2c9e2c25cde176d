/* interpose: fails one call of a program once, or counts its calls. Preloaded by scripts/torture; Linux on x86-64.
 *
 * 1. Before main the program's own table of imported functions (its GOT) is rewritten: each function that is named in
 *    FAULTS gets an entry that comes here first. Only the program's calls pass; those between libraries do not.
 * 2. A call site is the function and up to TORTURE_DEPTH return addresses, all within the program, found by frame
 *    pointers. Each is counted in the file TORTURE_STATE, which is mapped: it outlives a crash, and scripts/torture
 *    reads and arms it while the program runs.
 * 3. The armed site fails once, at its armed_nth call: the real function is not called, and the caller gets what the
 *    function returns when it fails. Then nothing is armed.
 *
 * Nothing here allocates or locks: it stands below malloc, in every thread. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEPTH_MAX   4
#define NAME_BYTES  40
#define SITES_MAX   16384
#define ENTRIES_MAX 256
#define IO_ERR_SEEN 0x20 /* of FILE in glibc: what ferror() tells */

/* --- the state that scripts/torture reads --- */

struct site {
	_Atomic uint64_t key; /* 0: free */
	_Atomic uint64_t calls;
	uint64_t chain[DEPTH_MAX]; /* offsets in the program */
	char name[NAME_BYTES];
};
struct state {
	_Atomic uint64_t armed;	   /* key; 0: none */
	_Atomic int64_t armed_nth; /* calls still to pass before the one that fails */
	_Atomic uint64_t struck;
	uint64_t sites_max;
	struct site sites[SITES_MAX];
};

/* --- what fails how --- */

/* What the caller passed, as the entry saved it; rax is what it gets back. */
struct registers {
	uint64_t arg[6];
	uint64_t rax;
	uint64_t pad;
	unsigned char xmm[8 * 16];
};
struct fault;
typedef void fault_effect(const struct fault *fault, struct registers *registers);
struct fault {
	const char *name;
	int64_t result;
	int error;	      /* errno; 0: is left alone */
	fault_effect *effect; /* beyond the result; may be NULL */
	int arg;	      /* for it */
	uint64_t real;
};

typedef uint64_t call(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);

static void call_real(const struct fault *fault, const uint64_t *arg)
{
	((call *)fault->real)(arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}

/* Done all the same, though the caller is told otherwise: a descriptor is gone after close() failed. */
static void do_it(const struct fault *fault, struct registers *registers)
{
	call_real(fault, registers->arg);
}

/* Without the object to put it in: the library drops what it was given, as on failure. */
static void drop_given(const struct fault *fault, struct registers *registers)
{
	registers->arg[0] = 0;
	call_real(fault, registers->arg);
}

static void mark_stream(const struct fault *fault, struct registers *registers)
{
	FILE *stream = (FILE *)registers->arg[fault->arg]; /* NOLINT(performance-no-int-to-ptr) */

	if (stream)
		stream->_flags |= IO_ERR_SEEN;
}

static void mark_stdout(const struct fault *fault, struct registers *registers)
{
	(void)fault, (void)registers;
	stdout->_flags |= IO_ERR_SEEN;
}

static void write_text(const struct fault *fault, struct registers *registers) /* argument: buffer, then its size */
{
	char *text = (char *)registers->arg[fault->arg]; /* NOLINT(performance-no-int-to-ptr) */

	if (text && registers->arg[fault->arg + 1] > 8)
		memcpy(text, "torture", 8);
}

static void clear_pointer(const struct fault *fault, struct registers *registers)
{
	void **out = (void **)registers->arg[fault->arg]; /* NOLINT(performance-no-int-to-ptr) */

	if (out)
		*out = NULL;
}

static void clear_json_error(const struct fault *fault, struct registers *registers)
{
	void *error = (void *)registers->arg[fault->arg]; /* NOLINT(performance-no-int-to-ptr) */

	if (error)
		memset(error, 0, 3 * sizeof(int) + 80 + 160); /* json_error_t */
}

static void break_reader(const struct fault *fault, struct registers *registers)
{
	struct {
		int err;
		char text[128];
	} *reader = (void *)registers->arg[0]; /* redisReader; NOLINT */

	(void)fault;
	reader->err = 5; /* REDIS_ERR_OOM */
	memcpy(reader->text, "Out of memory", 14);
}

#define KAFKA_TIMED_OUT	  (-185)
#define KAFKA_QUEUE_FULL  (-184)
#define KAFKA_INVALID_ARG (-186)
#define KAFKA_FAIL	  (-196)
#define KAFKA_TRANSPORT	  (-195)

static struct fault FAULTS[] = {
	/* memory */
	{ "malloc", 0, ENOMEM },
	{ "calloc", 0, ENOMEM },
	{ "realloc", 0, ENOMEM },
	{ "reallocarray", 0, ENOMEM },
	{ "strdup", 0, ENOMEM },
	{ "strndup", 0, ENOMEM },
	{ "mmap", -1, ENOMEM },
	{ "madvise", -1, EAGAIN },
	/* files */
	{ "open", -1, EMFILE },
	{ "read", -1, EIO },
	{ "write", -1, EIO },
	{ "close", -1, EIO, do_it },
	{ "fopen", 0, EMFILE },
	{ "fread", 0, EIO, mark_stream, 3 },
	{ "fgets", 0, EIO, mark_stream, 2 },
	{ "__getdelim", -1, EIO, mark_stream, 3 },
	{ "fgetc", -1, EIO, mark_stream, 0 },
	{ "fseek", -1, EIO },
	{ "fwrite", 0, ENOSPC, mark_stream, 3 },
	{ "fputs", -1, ENOSPC, mark_stream, 1 },
	{ "fputc", -1, ENOSPC, mark_stream, 1 },
	{ "putc", -1, ENOSPC, mark_stream, 1 },
	{ "fprintf", -1, ENOSPC, mark_stream, 0 },
	{ "vfprintf", -1, ENOSPC, mark_stream, 0 },
	{ "fflush", -1, ENOSPC, mark_stream, 0 },
	{ "fclose", -1, ENOSPC, do_it },
	{ "fstat", -1, EIO },
	{ "ioctl", -1, EIO },
	{ "__isoc99_fscanf", -1, EIO, mark_stream, 0 },
	{ "printf", -1, ENOSPC, mark_stdout },
	{ "puts", -1, ENOSPC, mark_stdout },
	{ "getnameinfo", EAI_AGAIN, 0 },
	{ "rd_kafka_event_error", KAFKA_TIMED_OUT, 0 },
	{ "rd_kafka_ConfigResource_set_config", KAFKA_INVALID_ARG, 0 },
	{ "stat", -1, EIO },
	{ "lstat", -1, EIO },
	{ "access", -1, EIO },
	{ "mkdir", -1, ENOSPC },
	{ "unlink", -1, EIO },
	{ "opendir", 0, EMFILE },
	{ "readdir", 0, EIO },
	{ "closedir", -1, EIO, do_it },
	/* sockets and events */
	{ "socket", -1, EMFILE },
	{ "bind", -1, EADDRINUSE },
	{ "listen", -1, EADDRINUSE },
	{ "accept4", -1, EMFILE },
	{ "connect", -1, ECONNREFUSED },
	{ "recv", -1, ECONNRESET },
	{ "send", -1, ECONNRESET },
	{ "sendto", -1, ECONNRESET },
	{ "shutdown", -1, ENOTCONN },
	{ "getsockopt", -1, ENOBUFS },
	{ "setsockopt", -1, ENOBUFS },
	{ "getsockname", -1, ENOBUFS },
	{ "getpeername", -1, ENOBUFS },
	{ "inet_ntop", 0, ENOSPC },
	{ "getaddrinfo", EAI_AGAIN, 0 },
	{ "poll", -1, EINTR },
	{ "epoll_create1", -1, EMFILE },
	{ "epoll_ctl", -1, ENOMEM },
	{ "epoll_wait", -1, EINTR },
	{ "eventfd", -1, EMFILE },
	{ "eventfd_write", -1, EAGAIN },
	{ "pipe2", -1, EMFILE },
	{ "signalfd", -1, EMFILE },
	{ "sigtimedwait", -1, EINTR },
	{ "nanosleep", -1, EINTR },
	/* the system */
	{ "getrandom", -1, EINTR },
	{ "getrlimit", -1, EPERM },
	{ "setrlimit", -1, EPERM },
	{ "getrusage", -1, EPERM },
	{ "prctl", -1, EPERM },
	{ "sysconf", -1, EINVAL },
	{ "getpwuid", 0, EIO },
	{ "pthread_create", EAGAIN, 0 },
	{ "pthread_mutex_init", ENOMEM, 0 },
	{ "pthread_cond_init", ENOMEM, 0 },
	{ "pthread_condattr_init", ENOMEM, 0 },
	{ "iconv_open", -1, EMFILE },
	{ "iconv", -1, EILSEQ },
	/* librdkafka: those that can fail */
	{ "rd_kafka_new", 0, ENOMEM, write_text, 2 },
	{ "rd_kafka_topic_new", 0, ENOMEM },
	{ "rd_kafka_conf_set", -1, 0, write_text, 3 },
	{ "rd_kafka_conf_get", -2, 0 },
	{ "rd_kafka_producev", KAFKA_QUEUE_FULL, 0 },
	{ "rd_kafka_header_add", KAFKA_INVALID_ARG, 0 },
	{ "rd_kafka_consumer_poll", 0, 0 },
	{ "rd_kafka_poll", 0, 0 },
	{ "rd_kafka_poll_set_consumer", KAFKA_FAIL, 0 },
	{ "rd_kafka_consume", 0, ETIMEDOUT },
	{ "rd_kafka_consume_start", -1, EINVAL },
	{ "rd_kafka_consume_stop", -1, EINVAL, do_it },
	{ "rd_kafka_consume_queue", 0, ETIMEDOUT },
	{ "rd_kafka_subscribe", KAFKA_FAIL, 0 },
	{ "rd_kafka_assign", KAFKA_FAIL, 0 },
	{ "rd_kafka_assignment", KAFKA_FAIL, 0 },
	{ "rd_kafka_commit", KAFKA_TRANSPORT, 0 },
	{ "rd_kafka_committed", KAFKA_TIMED_OUT, 0 },
	{ "rd_kafka_metadata", KAFKA_TIMED_OUT, 0 },
	{ "rd_kafka_query_watermark_offsets", KAFKA_TIMED_OUT, 0 },
	{ "rd_kafka_offsets_for_times", KAFKA_TIMED_OUT, 0 },
	{ "rd_kafka_pause_partitions", KAFKA_FAIL, 0 },
	{ "rd_kafka_resume_partitions", KAFKA_FAIL, 0 },
	{ "rd_kafka_clusterid", 0, 0 },
	{ "rd_kafka_purge", KAFKA_FAIL, 0 },
	{ "rd_kafka_queue_poll", 0, 0 },
	{ "rd_kafka_NewTopic_new", 0, 0, write_text, 3 },
	{ "rd_kafka_NewTopic_set_config", KAFKA_INVALID_ARG, 0 },
	{ "rd_kafka_AdminOptions_set_operation_timeout", KAFKA_INVALID_ARG, 0, write_text, 2 },
	{ "rd_kafka_AdminOptions_set_request_timeout", KAFKA_INVALID_ARG, 0, write_text, 2 },
	/* libpq */
	{ "PQconnectStartParams", 0, ENOMEM },
	{ "PQconndefaults", 0, ENOMEM },
	{ "PQconnectPoll", 0, 0 },
	{ "PQconninfo", 0, ENOMEM },
	{ "PQconninfoParse", 0, 0, clear_pointer, 1 },
	{ "PQconsumeInput", 0, 0 },
	{ "PQflush", -1, 0 },
	{ "PQgetResult", 0, 0 },
	{ "PQputCopyData", -1, 0 },
	{ "PQputCopyEnd", -1, 0 },
	{ "PQsendPrepare", 0, 0 },
	{ "PQsendQuery", 0, 0 },
	{ "PQsendQueryParams", 0, 0 },
	{ "PQsendQueryPrepared", 0, 0 },
	{ "PQsetSingleRowMode", 0, 0 },
	{ "PQsetnonblocking", -1, 0 },
	{ "PQsocket", -1, 0 },
	/* hiredis */
	{ "redisFormatCommandArgv", -1, ENOMEM, clear_pointer, 0 },
	{ "redisReaderCreate", 0, ENOMEM },
	{ "redisReaderFeed", -1, ENOMEM, break_reader, 0 },
	{ "redisReaderGetReply", -1, ENOMEM, break_reader, 0 },
	/* OpenSSL */
	{ "EVP_MD_CTX_new", 0, ENOMEM },
	{ "EVP_DigestInit_ex", 0, 0 },
	{ "EVP_DigestUpdate", 0, 0 },
	{ "EVP_DigestFinal_ex", 0, 0 }, /* SHA256_Init, _Update and _Final only compute: they cannot fail */
	{ "BIO_new_mem_buf", 0, ENOMEM },
	{ "PEM_read_bio_X509", 0, 0 },
	{ "PEM_read_bio_X509_AUX", 0, 0 },
	{ "PEM_read_bio_PrivateKey", 0, 0 },
	{ "SSL_CTX_new", 0, ENOMEM },
	{ "SSL_new", 0, ENOMEM },
	{ "SSL_set_fd", 0, 0 },
	{ "SSL_accept", -1, ECONNRESET },
	{ "SSL_read_ex", 0, ECONNRESET },
	{ "SSL_write_ex", 0, ECONNRESET },
	{ "SSL_CTX_use_certificate", 0, 0 },
	{ "SSL_CTX_use_PrivateKey", 0, 0 },
	{ "SSL_CTX_check_private_key", 0, 0 },
	{ "SSL_CTX_load_verify_locations", 0, 0 },
	{ "SSL_CTX_set_default_verify_paths", 0, 0 },
	{ "SSL_CTX_use_certificate_chain_file", 0, 0 },
	{ "SSL_CTX_use_PrivateKey_file", 0, 0 },
	{ "SSL_set1_host", 0, 0 },
	{ "X509_VERIFY_PARAM_set1_ip_asc", 0, 0 },
	{ "SSL_do_handshake", -1, ECONNRESET },
	{ "PEM_read_bio_X509_CRL", 0, 0 },
	{ "OPENSSL_sk_new_null", 0, ENOMEM },
	{ "OPENSSL_sk_push", 0, 0 },
	{ "X509_STORE_new", 0, ENOMEM },
	{ "X509_STORE_add_cert", 0, 0 },
	{ "X509_STORE_add_crl", 0, 0 },
	{ "X509_STORE_set_flags", 0, 0 },
	{ "X509_STORE_CTX_new", 0, ENOMEM },
	{ "X509_STORE_CTX_init", 0, 0 },
	{ "X509_STORE_CTX_set_purpose", 0, 0 },
	{ "X509_verify_cert", -1, 0 },
	{ "d2i_X509", 0, 0 },
	{ "i2d_X509", -1, 0 },
	{ "jose_cfg", 0, ENOMEM },
	/* jansson */
	{ "json_object", 0, ENOMEM },
	{ "json_array", 0, ENOMEM },
	{ "json_string", 0, ENOMEM },
	{ "json_stringn", 0, ENOMEM },
	{ "json_integer", 0, ENOMEM },
	{ "json_pack", 0, ENOMEM },
	{ "json_array_append_new", -1, ENOMEM, drop_given, 0 },
	{ "json_object_set_new", -1, ENOMEM, drop_given, 0 },
	{ "json_object_update_missing", -1, ENOMEM },
	{ "json_dumps", 0, ENOMEM },
	{ "json_dumpf", -1, ENOSPC },
	{ "json_dump_callback", -1, ENOMEM },
	{ "json_loads", 0, ENOMEM, clear_json_error, 2 },
	{ "json_loadb", 0, ENOMEM, clear_json_error, 3 },
	/* libcurl */
	{ "curl_global_init", 27, 0 },
	{ "curl_easy_init", 0, ENOMEM },
	{ "curl_easy_setopt", 27, 0 },
	{ "curl_easy_perform", 56, 0 },
	{ "curl_easy_escape", 0, ENOMEM },
	{ "curl_slist_append", 0, ENOMEM },
	{ "curl_url", 0, ENOMEM },
	{ "curl_url_set", 7, 0 },
	{ "curl_multi_init", 0, ENOMEM },
	{ "curl_multi_add_handle", 3, 0 },
	{ "curl_multi_perform", 3, 0 },
	{ "curl_multi_poll", 3, 0 },
	/* Avro C */
	{ "avro_schema_from_json_length", ENOMEM, 0 },
	{ "avro_generic_class_from_schema", 0, ENOMEM },
	{ "avro_generic_value_new", ENOMEM, 0 },
	{ "avro_reader_memory", 0, ENOMEM },
	{ "avro_value_read", EIO, 0 },
	{ "avro_value_to_json", ENOMEM, 0 },
};
#define FAULTS_COUNT (sizeof FAULTS / sizeof FAULTS[0])
_Static_assert(FAULTS_COUNT <= ENTRIES_MAX, "one entry each");

static struct state *state;
static uint64_t program_base, program_begin, program_end; /* of its text */
static int depth = 1;

/* --- counting and failing --- */

static int find_chain(uint64_t return_address, const uint64_t *frame, uint64_t chain[static DEPTH_MAX])
{
	int count = 0;

	memset(chain, 0, DEPTH_MAX * sizeof chain[0]);
	while (return_address >= program_begin && return_address < program_end && count < depth) {
		chain[count++] = return_address - program_base;
		return_address = frame[1];
		frame = (const uint64_t *)frame[0]; /* NOLINT(performance-no-int-to-ptr) */
		if (!frame)
			break;
	}
	return count;
}

static uint64_t key_of(size_t index, const uint64_t chain[static DEPTH_MAX])
{
	uint64_t key = 14695981039346656037U ^ index;

	for (int i = 0; i < DEPTH_MAX; i++)
		key = (key ^ chain[i]) * 1099511628211U;
	return key ? key : 1;
}

static struct site *find_site(size_t index, const uint64_t chain[static DEPTH_MAX])
{
	uint64_t key = key_of(index, chain);

	for (size_t i = 0; i < SITES_MAX; i++) {
		struct site *site = &state->sites[(key + i) % SITES_MAX];
		uint64_t found = 0;

		if (atomic_load(&site->key) == key)
			return site;
		if (atomic_compare_exchange_strong(&site->key, &found, key)) {
			memcpy(site->chain, chain, sizeof site->chain);
			strncpy(site->name, FAULTS[index].name, NAME_BYTES - 1);
			return site;
		}
		if (found == key)
			return site;
	}
	return NULL;
}

/* What the entries call: the function to go on with, or 0: it failed, and registers->rax is what it returns. */
__attribute__((visibility("hidden"), used)) uint64_t torture_decide(struct registers *registers, size_t index,
								    uint64_t return_address, const uint64_t *frame);
uint64_t torture_decide(struct registers *registers, size_t index, uint64_t return_address, const uint64_t *frame)
{
	struct fault *fault = &FAULTS[index];
	uint64_t chain[DEPTH_MAX];
	struct site *site;

	if (find_chain(return_address, frame, chain) == 0)
		return fault->real;
	site = find_site(index, chain);
	if (!site)
		return fault->real;
	atomic_fetch_add(&site->calls, 1);
	if (atomic_load(&state->armed) != site->key || atomic_fetch_sub(&state->armed_nth, 1) != 0)
		return fault->real;
	atomic_store(&state->armed, 0);
	atomic_fetch_add(&state->struck, 1);
	if (fault->effect)
		fault->effect(fault, registers);
	registers->rax = (uint64_t)fault->result;
	if (fault->error)
		errno = fault->error;
	return 0;
}

/* Each entry pushes its number; what is common saves all that a function can be given, asks, and goes on or returns.
 * Only frame and flags that the caller does not expect kept are changed, so that a function of any shape passes. */
#define TEXT_OF(x) #x
#define TEXT(x)	   TEXT_OF(x)
__asm__(".text\n"
        ".hidden torture_entries\n"
        ".globl torture_entries\n"
        ".p2align 4\n"
        "torture_entries:\n"
        ".set number, 0\n"
        ".rept " TEXT(ENTRIES_MAX) "\n"
        ".p2align 4\n"
        "  pushq $number\n"
        "  jmp torture_common\n"
        ".set number, number + 1\n"
        ".endr\n"
        ".p2align 4\n"
        "torture_common:\n"
        "  pushq %rbp\n"
        "  movq %rsp, %rbp\n"
        "  subq $192, %rsp\n"
        "  andq $-16, %rsp\n"
        "  movq %rdi, 0(%rsp)\n  movq %rsi, 8(%rsp)\n  movq %rdx, 16(%rsp)\n"
        "  movq %rcx, 24(%rsp)\n  movq %r8, 32(%rsp)\n  movq %r9, 40(%rsp)\n  movq %rax, 48(%rsp)\n"
        "  movaps %xmm0, 64(%rsp)\n  movaps %xmm1, 80(%rsp)\n  movaps %xmm2, 96(%rsp)\n  movaps %xmm3, 112(%rsp)\n"
        "  movaps %xmm4, 128(%rsp)\n  movaps %xmm5, 144(%rsp)\n  movaps %xmm6, 160(%rsp)\n  movaps %xmm7, 176(%rsp)\n"
        "  movq %rsp, %rdi\n  movq 8(%rbp), %rsi\n  movq 16(%rbp), %rdx\n  movq (%rbp), %rcx\n"
        "  call torture_decide\n"
        "  movq %rax, %r11\n"
        "  movq 0(%rsp), %rdi\n  movq 8(%rsp), %rsi\n  movq 16(%rsp), %rdx\n"
        "  movq 24(%rsp), %rcx\n  movq 32(%rsp), %r8\n  movq 40(%rsp), %r9\n  movq 48(%rsp), %rax\n"
        "  movaps 64(%rsp), %xmm0\n  movaps 80(%rsp), %xmm1\n  movaps 96(%rsp), %xmm2\n  movaps 112(%rsp), %xmm3\n"
        "  movaps 128(%rsp), %xmm4\n  movaps 144(%rsp), %xmm5\n  movaps 160(%rsp), %xmm6\n  movaps 176(%rsp), %xmm7\n"
        "  testq %r11, %r11\n"
        "  leave\n"
        "  leaq 8(%rsp), %rsp\n"
        "  jz 1f\n"
        "  jmp *%r11\n"
        "1: ret\n");
extern const char torture_entries[];

/* --- the program's table --- */

static void patch(uint64_t *slot, const char *name)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	void *begin = (void *)((uint64_t)slot & ~(page - 1)); /* NOLINT(performance-no-int-to-ptr) */

	for (size_t i = 0; i < FAULTS_COUNT; i++) {
		if (strcmp(FAULTS[i].name, name) != 0)
			continue;
		FAULTS[i].real = *slot;
		if (mprotect(begin, page, PROT_READ | PROT_WRITE) == 0)
			*slot = (uint64_t)(torture_entries + 16 * i);
		return;
	}
}

static void patch_table(const ElfW(Rela) * rela, size_t bytes, const ElfW(Sym) * symbols, const char *names)
{
	for (size_t i = 0; i < bytes / sizeof *rela; i++) {
		uint64_t type = ELF64_R_TYPE(rela[i].r_info);

		if (type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT)
			patch((uint64_t *)(program_base + rela[i].r_offset), /* NOLINT(performance-no-int-to-ptr) */
			      names + symbols[ELF64_R_SYM(rela[i].r_info)].st_name);
	}
}

static void patch_program(const ElfW(Dyn) * dynamic)
{
	uint64_t value[DT_JMPREL + 1] = { 0 };

	for (; dynamic->d_tag != DT_NULL; dynamic++)
		if (dynamic->d_tag > 0 && dynamic->d_tag <= DT_JMPREL)
			value[dynamic->d_tag] = dynamic->d_un.d_val;
	/* NOLINTBEGIN(performance-no-int-to-ptr) */
	patch_table((const ElfW(Rela) *)value[DT_JMPREL], value[DT_PLTRELSZ], (const ElfW(Sym) *)value[DT_SYMTAB],
		    (const char *)value[DT_STRTAB]);
	patch_table((const ElfW(Rela) *)value[DT_RELA], value[DT_RELASZ], (const ElfW(Sym) *)value[DT_SYMTAB],
		    (const char *)value[DT_STRTAB]);
	/* NOLINTEND(performance-no-int-to-ptr) */
}

static int find_program(struct dl_phdr_info *info, size_t size, void *opaque)
{
	const ElfW(Dyn) *dynamic = NULL;

	(void)size;
	(void)opaque;
	program_base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_LOAD && (header->p_flags & PF_X)) {
			program_begin = program_base + header->p_vaddr;
			program_end = program_begin + header->p_memsz;
		}
		if (header->p_type == PT_DYNAMIC)
			dynamic = (const ElfW(Dyn) *)(program_base + header->p_vaddr); /* NOLINT */
	}
	if (dynamic)
		patch_program(dynamic);
	return 1; /* the program comes first; no other */
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("TORTURE_STATE"), *wanted = getenv("TORTURE_DEPTH");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *place;

	if (fd < 0)
		return;
	place = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (place == MAP_FAILED)
		return;
	state = place;
	if (wanted && wanted[0] >= '1' && wanted[0] <= '0' + DEPTH_MAX)
		depth = wanted[0] - '0';
	dl_iterate_phdr(find_program, NULL);
}
