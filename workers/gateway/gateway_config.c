#include "gateway/gateway_config.h"

#define AT(field) offsetof(struct gateway_config, field)

static const struct config_section SHARED[] = {
	{ &STATUS_ROWS, AT(status_address) }, { &LOG_ROWS, AT(log) },
	{ &KAFKA_ROWS, AT(kafka) },	      { &KAFKA_PRODUCER_ROWS, AT(kafka) },
	{ &TOPIC_RAW_ROWS, AT(topic) },	      { &TOPIC_REFERENCE_ROWS, AT(topic) },
	{ &TOPIC_DAY_KEY_ROWS, AT(topic) },   { &ENCRYPT_ROWS, AT(encrypt) },
	{ &TOPIC_ACCESS_ROWS, AT(topic) },    { &PG_ROWS, AT(pg) },
	{ &PG_LIMIT_ROWS, AT(pg) },	      { &STAND_KEY_ROWS, AT(stand_key) },
	{ &DRAIN_ROWS, AT(drain_ms) },	      { &TRACE_ROWS, AT(trace) },
};

static const struct config_default DEFAULTS[] = {
	{ "worker.name", "gateway" },
	{ "kafka.delivery.max", "20s" },
	{ "kafka.compression", "none" },
};

static const struct config_key KEYS[] = {
	{ "listen", CONFIG_ADDRESS, AT(listen), "127.0.0.1:8080", 3, 64, "address and port of the web interface" },
	{ "tokens.file", CONFIG_TEXT, AT(tokens_file), "", 1, SETTINGS_TEXT_BYTES_MAX,
	  "file of tokens, as instroomctl token make writes it" },
	{ "helpdesk.address", CONFIG_TEXT, AT(helpdesk_address), "", 0, 200,
	  "web address, e-mail or telephone of the helpdesk; every refusal and page of a code names it" },
	{ "jwt.issuer", CONFIG_TEXT, AT(jwt_issuer), "", 0, 1000,
	  "issuer of signed tokens (iss) that is believed here; empty: none is" },
	{ "jwt.audience", CONFIG_TEXT, AT(jwt_audience), "", 0, 1000,
	  "what a signed token must be made for (aud): the name of this service at the issuer" },
	{ "jwt.algorithms", CONFIG_TEXT, AT(jwt_algorithms), "RS256,PS256,ES256", 1, 64,
	  "algorithms of signed tokens that are allowed; a key without alg is used if this leaves one for its type" },
	{ "jwt.types", CONFIG_TEXT, AT(jwt_types), "at+jwt", 1, 256, "types of signed tokens (typ), joined by commas" },
	{ "jwt.acr", CONFIG_TEXT, AT(jwt_acr), "", 0, 1000,
	  "levels of a login that suffice (acr), joined by commas; empty: any, and none at all" },
	{ "jwt.keys.file", CONFIG_TEXT, AT(jwt_keys_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "the issuer's keys (JWKS); read again when it changes, and on SIGHUP" },
	{ "jwt.keys.url", CONFIG_TEXT, AT(jwt_keys_url), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "or where the issuer shows them (jwks_uri): https://" },
	{ "jwt.keys.ca.file", CONFIG_TEXT, AT(jwt_keys_ca_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "CAs of the issuer's certificate (PEM); empty: those of the system" },
	{ "jwt.keys.pause", CONFIG_MS, AT(jwt_keys_pause_ms), "60s", 1000, 3600000,
	  "least time between two questions to the issuer about unknown keys" },
	{ "tls.cert.file", CONFIG_TEXT, AT(tls_cert_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "certificate chain (PEM); empty: no TLS here" },
	{ "tls.key.file", CONFIG_SECRET, AT(tls_key), "", 0, 65536, "file of the certificate's key (PEM)" },
	{ "tls.client.ca.file", CONFIG_TEXT, AT(tls_client_ca_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "CAs of client certificates (PEM), whose serialNumber is an OIN; empty: none is believed" },
	{ "tls.client.crl.file", CONFIG_TEXT, AT(tls_client_crl_file), "", 0, SETTINGS_TEXT_BYTES_MAX,
	  "lists of those that these CAs took back (PEM); empty: nothing is looked up" },
	{ "connections.max", CONFIG_COUNT, AT(connections_max), "1024", 1, 60000,
	  "connections at once; for one more the one that is idle longest ends" },
	{ "connections.address.max", CONFIG_COUNT, AT(address_connections_max), "256", 0, 60000,
	  "connections at once of one address (IPv6: of one /64), not of this machine; 0: no limit, as behind a proxy "
	  "elsewhere" },
	{ "connection.idle.max", CONFIG_MS, AT(connection_idle_ms), "60s", 1000, 3600000,
	  "a connection silent for so long is closed, and one without a whole request" },
	{ "upload.time.max", CONFIG_MS, AT(upload_ms_max), "10m", 1000, 3600000,
	  "longest an upload may take, or the reading of an answer" },
	{ "upload.bytes.max", CONFIG_BYTES, AT(upload_bytes_max), "64M", 50331648, 17179869184,
	  "memory for all uploads at once; more get 503, one sender's beyond the half of it 429" },
	{ "answer.bytes.max", CONFIG_BYTES, AT(answer_bytes_max), "64M", 1048576, 17179869184,
	  "memory for all answers of the register at once; likewise" },
	{ "uploads.sender.max", CONFIG_COUNT, AT(sender_uploads_max), "512", 1, 60000,
	  "uploads of one token in progress; more get 429" },
	{ "uploads.board.max", CONFIG_COUNT, AT(board_uploads_max), "256", 1, 60000,
	  "uploads for one board in progress; more get 429" },
	{ "questions.board.max", CONFIG_COUNT, AT(board_questions_max), "16", 1, 60000,
	  "questions about one board in progress; more get 429, as does one sender who asks so often whether he may" },
	{ "register.threads", CONFIG_COUNT, AT(register_threads), "2", 1, 16,
	  "threads that answer questions; one more asks for repeats, and one changes mandates" },
	{ "confirm.wait.max", CONFIG_MS, AT(confirm_ms_max), "10s", 0, 60000, "longest a confirmation is waited for" },
	{ "trace.sample", CONFIG_COUNT, AT(trace_sample), "0", 0, 1000,
	  "of a thousand deliveries without a traceparent so many are sampled; one with it is if its flag says so" },
#ifdef INSTROOM_TEST_SETTINGS /* not in what is released */
	{ "test.received_on", CONFIG_BOOL, AT(test_received_on), "no", 0, 0,
	  "tests only: obey the parameter ontvangen_op" },
#endif
};

const struct config_table GATEWAY_CONFIG = {
	.program = "instroom-gateway",
	.purpose = "takes deliveries of school boards over HTTP, checks them and publishes them",
	.shared = SHARED,
	.shared_count = ARRAY_LEN(SHARED),
	.defaults = DEFAULTS,
	.default_count = ARRAY_LEN(DEFAULTS),
	.keys = KEYS,
	.key_count = ARRAY_LEN(KEYS),
};
