# cmake -D IN=FILE -D OUT=FILE -D NAME=X -P embed.cmake: the bytes of a file as C, X_TEXT[] and X_BYTES.
file(READ ${IN} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR bytes "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${OUT} "#include <stddef.h>\n
extern const unsigned char ${NAME}_TEXT[];
extern const size_t ${NAME}_BYTES;

const unsigned char ${NAME}_TEXT[] = {\n${hex}\n};\nconst size_t ${NAME}_BYTES = ${bytes};\n")
