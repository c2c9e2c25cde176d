#!/usr/bin/env bash
# Who may include whom. Reads the #include lines of common/, workers/ and schemas/ and names each that breaks the table
# below as FILE:LINE: sentence; exits 1 then. Tests may include everything and are not read.
#   scripts/check_layers.sh               this checkout
#   scripts/check_layers.sh DIR           another one
#   scripts/check_layers.sh --table       the table as ARCHITECTURE.md shows it, which is compared
#   scripts/check_layers.sh --self-test   a made-up tree with known breaches: does the check see each of them?
set -u -o pipefail

# module | modules of ours it may include, besides itself | third party it may include
# Third party belongs into .c files and the module's own NAME_internal.h, which is private to it. A worker's inner
# folder (workers/X/Y) is a module of its own: "X/Y" names it. What stands in workers/X itself is the shell above them,
# which may include all of them; no inner folder includes the shell. A backslash: the row goes on in the next line.
table() {
	sed -e ':join' -e '/\\$/{N;s/\\\n *//;bjoin}' <<'EOF'
common/base       |                                           |
common/http       | base                                      | openssl
common/model      | base                                      | openssl
common/wire       | base model                                |
common/protocol   | base model wire                           |
common/run        | base http                                 |
common/trace      | base model run                            | curl jansson
common/seal       | base                                      | openssl lz4
common/kafka      | base model seal tls                       | librdkafka
common/tls        | base                                      | openssl
common/redis      | base model tls                            | hiredis
common/pg         | base model tls                            | libpq
common/settings   | base run trace seal kafka redis pg        |
common/encryption | base model wire protocol run seal kafka settings |
common/render     | base model wire protocol pg                        | jansson
workers/gateway   | base http model wire protocol run trace kafka redis pg settings encryption render | \
                                                                curl expat jansson jose openssl
workers/validate  | base model wire protocol run trace kafka redis pg settings encryption render |
workers/write     | base model wire protocol run trace kafka redis pg settings encryption render |
workers/gen       | base model wire protocol run kafka redis pg render | jansson
workers/ctl       | base model run seal settings encryption            |
workers/ctl/base  | base model wire protocol run kafka pg settings     | jansson
workers/ctl/checkpoint | base model settings ctl/base               | openssl
workers/ctl/deliver | base model wire protocol kafka pg render ctl/base | curl jansson
workers/ctl/access | base model wire protocol run kafka pg render ctl/base |
workers/ctl/key   | base model wire protocol seal kafka pg settings encryption ctl/base ctl/reference |
workers/ctl/look  | base model wire protocol kafka redis pg settings render ctl/base  | jansson avro
workers/ctl/person | base model wire protocol kafka pg render ctl/base ctl/checkpoint ctl/key | jansson
workers/ctl/problem | base model run pg ctl/base                   | curl
workers/ctl/reference | base model wire protocol kafka pg ctl/base     |
workers/ctl/replay | base model wire protocol run kafka pg render ctl/base ctl/reference | jansson
workers/ctl/prove | base model wire protocol kafka pg render ctl/base ctl/checkpoint ctl/reference |
workers/ctl/repair | base model wire protocol kafka redis pg settings ctl/base ctl/replay | jansson
workers/ctl/setup | base model kafka redis pg settings ctl/base ctl/checkpoint |
schemas/codegen   | base                                      | avro jansson
EOF
}

markdown() {
	table | awk -F'|' '
	BEGIN { print "| module | may include | third party, in `.c` files only |"; print "|---|---|---|" }
	{
		for (i = 1; i <= 3; i++) gsub(/^ +| +$/, "", $i)
		gsub(/ /, ", ", $2); gsub(/ /, ", ", $3)
		print "| " $1 " | " ($2 == "" ? "-" : $2) " | " ($3 == "" ? "-" : $3) " |"
	}'
}

# What ARCHITECTURE.md shows of the table. A tree without that page has nothing to compare.
check_page() {
	[ -f ARCHITECTURE.md ] || return 0
	diff <(sed -n '/^| module | may include /,/^$/{/^|/p}' ARCHITECTURE.md) <(markdown) && return 0
	echo "layers: ARCHITECTURE.md has another table (<) than scripts/check_layers.sh --table (>)"
	return 1
}

check() {
	local files
	files=$(find common workers schemas -name '*.[ch]' 2>/dev/null | sort)
	if [ -z "$files" ]; then
		echo "layers: there are no sources here"
		return 1
	fi
	# shellcheck disable=SC2086
	grep -nHE '^[[:space:]]*#[[:space:]]*include\>' $files |
		awk -v table="$(table)" -v file_count="$(wc -l <<<"$files")" '
	function breach(text) { print file ":" line ": " text; breaches++ }
	function in_list(word, list) { return index(" " list " ", " " word " ") > 0 }
	function third_party(header) {
		if (header ~ /^openssl\//) return "openssl"
		if (header == "lz4.h") return "lz4"
		if (header ~ /^librdkafka\// || header == "rdkafka.h") return "librdkafka"
		if (header ~ /^hiredis\// || header == "hiredis.h") return "hiredis"
		if (header ~ /^(libpq-fe|postgres_ext|pg_config)\.h$/) return "libpq"
		if (header ~ /^(libpq|postgresql)\//) return "libpq"
		if (header ~ /^expat/) return "expat"
		if (header ~ /^jansson/) return "jansson"
		if (header ~ /^jose\//) return "jose"
		if (header ~ /^curl\//) return "curl"
		if (header == "avro.h" || header ~ /^avro\//) return "avro"
		if (header ~ /^(sys|net|netinet|arpa|linux|asm)\//) return ""
		sub(/\.h$/, "", header)
		return in_list(header, libc) ? "" : "unknown"
	}
	BEGIN {
		libc = "alloca aio arm_neon assert byteswap cpuid ctype dirent dlfcn emmintrin endian errno execinfo " \
		       "fcntl features float fnmatch ftw getopt glob grp iconv ifaddrs immintrin inttypes langinfo " \
		       "libgen limits locale malloc math nmmintrin netdb poll pthread pwd regex sched semaphore " \
		       "setjmp signal smmintrin spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib " \
		       "stdnoreturn string strings syslog termios threads time tmmintrin uchar unistd wchar wctype " \
		       "x86intrin"
		count = split(table, rows, "\n")
		for (i = 1; i <= count; i++) {
			split(rows[i], cell, "|")
			gsub(/^ +| +$/, "", cell[1]); gsub(/^ +| +$/, "", cell[2]); gsub(/^ +| +$/, "", cell[3])
			known[cell[1]] = 1; ours[cell[1]] = cell[2]; theirs[cell[1]] = cell[3]
			if (cell[1] ~ /^common\//) modules = modules " " substr(cell[1], 8)
		}
	}
	{
		file = $0; sub(/:.*/, "", file)
		rest = substr($0, length(file) + 2); line = rest; sub(/:.*/, "", line)
		text = substr(rest, length(line) + 2)
		parts = split(file, part, "/"); module = part[1] "/" part[2]; own = part[2]; inner = ""
		if (part[1] == "workers" && parts > 3) { inner = part[2] "/" part[3]; module = "workers/" inner }
		if (!(module in known)) {
			if (!(module in told)) breach(module " is no module of the table in scripts/check_layers.sh")
			told[module] = 1
			next
		}
		header = text
		if (text ~ /</) {
			sub(/^[^<]*</, "", header); sub(/>.*/, "", header)
			library = third_party(header)
			if (library == "") next
			if (library == "unknown") breach("<" header "> is neither libc nor a library of this project")
			else if (!in_list(library, theirs[module]))
				breach(own " may not include " library " (<" header ">)" \
					(theirs[module] == "" ? "" : ": it may include " theirs[module]))
			else if (file ~ /\.h$/ && file !~ /_internal\.h$/)
				breach("<" header "> belongs into a .c file: headers keep third parties out")
			next
		}
		if (text !~ /"/) { breach("an include by macro cannot be checked: write the name"); next }
		sub(/^[^"]*"/, "", header); sub(/".*/, "", header)
		if (header ~ /(^|\/)\.\.?\//) { breach("\"" header "\": write it from common/ as module/name.h"); next }
		if (header !~ /\//) next	# a file beside it
		ways = split(header, way, "/"); target = way[1]
		if (target == own) {
			folder = ways > 2 ? way[1] "/" way[2] : ""
			if (inner == "" || folder == inner) next
			if (folder == "") breach("\"" header "\": an inner folder may not include the shell above it")
			else if (!in_list(folder, ours[module]))
				breach(inner " may not include " folder " (\"" header "\"): it may include " \
					ours[module])
			next
		}
		if (header ~ /_internal\.h$/) breach("\"" header "\" is private to its module")
		if (target == "workers" || target == "tests" || target == "schemas")
			breach(own " may not include \"" header "\": nobody but tests may")
		else if (!in_list(target, modules)) {
			if (!(module ~ /^workers\// && target == own))
				breach("\"" header "\": " target " is no module of common/")
		} else if (!in_list(target, ours[module]))
			breach(own " may not include " target " (\"" header "\"): it may include " \
				(ours[module] == "" ? "nothing of ours" : ours[module]))
	}
	END {
		printf "layers: %d files, %d breaches\n", file_count, breaches
		exit breaches > 0
	}'
}

self_test() {
	local tree found
	tree=$(mktemp -d)
	# shellcheck disable=SC2064
	trap "rm -rf '$tree'" EXIT
	cd "$tree" || return 1
	mkdir -p common/{base,model,wire,kafka,pg,render,attic} schemas/codegen tests
	mkdir -p workers/{gateway,validate,ctl/{look,replay,attic}}
	printf '#include "base/slice.h"\n#include <stdio.h>\n#include <sys/stat.h>\n' >common/base/good.c
	printf '#include "%s"\n' base/slice.h model/rule.h wire/gen/verdict.h wire.h >common/wire/good.c
	printf '#include <openssl/evp.h>\n' >common/model/good.c
	printf '#include "%s"\n' run/app.h pg/pg_link.h gateway.h >workers/gateway/good.c
	printf '#include <jansson.h>\n' >>workers/gateway/good.c
	printf '#include "workers/gateway/gateway.h"\n#include <hiredis/hiredis.h>\n' >tests/anything.c
	# 1: outward
	printf '#include "model/rule.h"\n' >common/base/bad.c
	# 2: outward
	printf '#include "run/app.h"\n' >common/model/bad.c
	# 3, 4: sideways
	printf '#include "pg/pg_link.h"\n#include "wire/wire.h"\n' >common/kafka/bad.c
	# 5: third party in a header
	printf '#include <librdkafka/rdkafka.h>\n' >common/kafka/bad.h
	# 6: not its library
	printf '#include <libpq-fe.h>\n' >workers/validate/bad.c
	# 7: not from the include root
	printf '#include "../model/rule.h"\n' >common/wire/bad.c
	# 8: another worker
	printf '#include "workers/gateway/gateway.h"\n' >workers/ctl/bad.c
	# 9: a library nobody agreed on
	printf '#include <zlib.h>\n' >schemas/codegen/bad.c
	# 10: a module that is not in the table
	printf '#  include "base/slice.h"\n' >common/attic/bad.c
	# 11: outward
	printf '#include "kafka/kafka.h"\n' >common/render/bad.c
	# 12: by macro
	printf '#include HEADER\n' >common/pg/bad.c
	# 13, 14: sideways, upward
	printf '#include "%s"\n' ctl/replay/replay_plan.h ctl/ctl_main.h >workers/ctl/look/bad.c
	# 15: a folder that is not in the table
	printf '#include "base/slice.h"\n' >workers/ctl/attic/bad.c
	printf '#include "%s"\n' ctl/base/ctl.h ctl/reference/reference_versions.h >workers/ctl/replay/good.c
	printf '#include "ctl/look/look_commands.h"\n#include "ctl/ctl_main.h"\n' >workers/ctl/good.c
	found=$(check | grep -c '/bad\.[ch]:')
	if [ "$found" != 15 ] || check | grep -q '/good\.c:\|tests/'; then
		check
		echo "layers: the check saw $found of 15 made-up breaches, or one where there is none"
		return 1
	fi
	printf '| module | may include | third party |\n|---|---|---|\n| common/base | model | - |\n\n' >ARCHITECTURE.md
	if check_page >/dev/null; then
		echo "layers: the check takes an ARCHITECTURE.md with another table"
		return 1
	fi
	echo "layers: the check sees all 15 made-up breaches and no other"
}

case ${1:-} in
--self-test) self_test ;;
--table) markdown ;;
-h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0" ;;
"") cd "$(dirname "$(readlink -f "$0")")/.." || exit 1; check_page; page=$?; check && exit "$page" ;;
*)
	[ -d "$1" ] || { echo "scripts/check_layers.sh: there is no directory $1" >&2; exit 64; }
	cd "$1" && check_page && check
	;;
esac
