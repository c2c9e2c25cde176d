"""left_out: imported functions that are not failed: they only compute, look at what is there, or give back; or the
library ends the process itself where it has no memory (librdkafka); or failing once is what they answer every day.

scripts/torture complains of a function that a program imports and that stands neither here nor in interpose.c.
"""
import re
import subprocess
from pathlib import Path

LEFT_OUT = set("""
_ITM_deregisterTMCloneTable _ITM_registerTMCloneTable __assert_fail __ctype_b_loc __ctype_tolower_loc
__ctype_toupper_loc
__cxa_finalize
__errno_location __gmon_start__ __libc_start_main __stack_chk_fail __tls_get_addr _exit clock_gettime explicit_bzero
feof ferror fileno free freeaddrinfo getenv geteuid getuid gmtime_r iconv_close isatty rewind statvfs
mallopt memchr memcmp memcpy memmem memmove
memrchr memset munmap pthread_cond_broadcast pthread_cond_destroy pthread_cond_signal pthread_cond_timedwait
pthread_cond_wait pthread_condattr_destroy pthread_condattr_setclock pthread_join pthread_mutex_destroy
pthread_mutex_lock pthread_mutex_unlock pthread_once pthread_sigmask qsort qsort_r raise setvbuf sigaddset sigemptyset
sigfillset signal snprintf stderr stdin stdout stpcpy strcasecmp strcasestr strchr strcmp strcspn strerror
strerrorname_np
strftime strlen strtoul strtoull strncasecmp strncmp strnlen strrchr strspn strstr time timegm usleep vsnprintf
__environ environ fcntl
rd_kafka_AdminOptions_destroy rd_kafka_AdminOptions_new rd_kafka_AlterConfigs rd_kafka_AlterConfigs_result_resources
rd_kafka_ConfigEntry_name rd_kafka_ConfigEntry_source rd_kafka_ConfigEntry_value rd_kafka_ConfigResource_configs
rd_kafka_ConfigResource_destroy rd_kafka_ConfigResource_destroy_array rd_kafka_ConfigResource_error
rd_kafka_ConfigResource_name rd_kafka_ConfigResource_new rd_kafka_CreateTopics rd_kafka_CreateTopics_result_topics
rd_kafka_DescribeConfigs rd_kafka_DescribeConfigs_result_resources rd_kafka_NewTopic_destroy rd_kafka_assignment_lost
rd_kafka_conf_destroy rd_kafka_conf_new rd_kafka_conf_set_dr_msg_cb rd_kafka_conf_set_error_cb
rd_kafka_conf_set_log_cb rd_kafka_conf_set_opaque rd_kafka_conf_set_rebalance_cb rd_kafka_destroy rd_kafka_err2name
rd_kafka_error_destroy rd_kafka_event_AlterConfigs_result rd_kafka_event_CreateTopics_result
rd_kafka_event_DescribeConfigs_result rd_kafka_event_destroy rd_kafka_fatal_error
rd_kafka_header_cnt rd_kafka_header_get_all rd_kafka_headers_copy
rd_kafka_headers_destroy rd_kafka_headers_new rd_kafka_last_error
rd_kafka_err2str rd_kafka_mem_free rd_kafka_message_destroy rd_kafka_message_headers rd_kafka_message_timestamp
rd_kafka_metadata_destroy rd_kafka_outq_len rd_kafka_queue_destroy rd_kafka_queue_get_main
rd_kafka_queue_io_event_enable rd_kafka_queue_new rd_kafka_topic_destroy
rd_kafka_topic_partition_list_add rd_kafka_topic_partition_list_destroy rd_kafka_topic_partition_list_new
rd_kafka_topic_name rd_kafka_topic_result_error rd_kafka_error_code rd_kafka_ConsumerGroupDescription_error
rd_kafka_ConsumerGroupDescription_member rd_kafka_MemberAssignment_partitions rd_kafka_MemberDescription_assignment
rd_kafka_MemberDescription_client_id rd_kafka_MemberDescription_host
rd_kafka_ConsumerGroupDescription_member_count rd_kafka_DescribeConsumerGroups
rd_kafka_DescribeConsumerGroups_result_groups rd_kafka_event_DescribeConsumerGroups_result
__isoc99_sscanf rd_kafka_AclBindingFilter_new rd_kafka_AclBinding_destroy rd_kafka_AclBinding_host
rd_kafka_AclBinding_name
rd_kafka_AclBinding_operation rd_kafka_AclBinding_permission_type rd_kafka_AclBinding_principal
rd_kafka_AclBinding_resource_pattern_type rd_kafka_AclBinding_restype rd_kafka_DescribeAcls
rd_kafka_DescribeAcls_result_acls rd_kafka_event_DescribeAcls_result
PQclear PQcmdTuples PQhostaddr PQconnectionNeedsPassword PQconninfoFree PQdb PQerrorMessage PQfinish PQfmod PQfname
PQfreemem PQftype PQgetisnull PQgetlength PQgetvalue PQhost PQisBusy PQnfields PQntuples PQport PQresultErrorField
PQresultStatus PQparameterStatus PQsetErrorVerbosity PQsetNoticeReceiver PQstatus PQtransactionStatus
BIO_free CRYPTO_memcmp ERR_clear_error EVP_MD_CTX_free EVP_PKEY_free EVP_sha256 SHA256_Final SHA256_Init SHA256_Update
SSL_CTX_ctrl SSL_CTX_set_cipher_list SSL_CTX_set_ciphersuites SSL_CTX_free
SSL_CTX_set_alpn_select_cb SSL_CTX_set_default_passwd_cb SSL_CTX_set_options SSL_free SSL_get_error SSL_has_pending
SSL_select_next_proto SSL_shutdown TLS_server_method X509_free
XML_GetCurrentByteIndex XML_GetCurrentLineNumber XML_GetErrorCode XML_Parse XML_ParserCreate_MM XML_ParserFree
XML_SetCharacterDataHandler
XML_SetDefaultHandler XML_SetElementHandler XML_SetUserData XML_SetXmlDeclHandler XML_StopParser
avro_reader_free avro_schema_decref avro_value_decref curl_easy_cleanup curl_easy_getinfo curl_easy_strerror curl_free
curl_global_cleanup
curl_url_cleanup curl_multi_cleanup curl_multi_info_read curl_multi_remove_handle curl_slist_free_all
ERR_peek_error ERR_peek_last_error
PQsslInUse SSL_CTX_set_verify SSL_ctrl SSL_get0_param SSL_get_verify_result SSL_is_init_finished
SSL_set_connect_state TLS_client_method inet_pton rd_kafka_conf_set_ssl_cert_verify_cb rd_kafka_version
rd_kafka_conf_set_throttle_cb rd_kafka_consumer_close_queue rd_kafka_consumer_closed
rd_kafka_version_str
ASN1_STRING_get0_data ASN1_STRING_length OPENSSL_sk_num OPENSSL_sk_pop_free OPENSSL_sk_value SSL_CTX_set_num_tickets
SSL_get0_peer_certificate SSL_get_peer_cert_chain X509_CRL_free X509_NAME_ENTRY_get_data X509_NAME_get_entry
X509_NAME_get_index_by_NID X509_STORE_CTX_free X509_STORE_CTX_get0_param X509_STORE_CTX_get_error X509_STORE_free
X509_VERIFY_PARAM_set_auth_level X509_VERIFY_PARAM_set_time X509_get_subject_name
jose_cfg_decref jose_cfg_set_err_func json_number_value strspn
freeReplyObject json_array_get json_array_size json_delete json_equal json_false json_integer_value json_null
json_object_get
json_object_size
json_object_iter json_object_iter_key json_object_iter_next json_object_iter_value json_object_key_to_iter
json_string_length json_string_value json_true redisFreeCommand redisReaderFree
""".split())
# Its no is an answer, and it has no other word for a failure.
LEFT_OUT.add("jose_jws_ver")
# Not covered: the one hands an error object out instead of a code; the other is followed by a wait of ours. What
# expat takes, it takes by functions of ours. fchmod to rename are those of token make and withdraw, dup to tmpfile
# those of bundle. The work has no checkpoints: its disk full, kills and altered bytes are in checkpoint_test.py.
NOT_COVERED = {"fchmod", "fchown", "fsync", "rename", "dup", "dup2", "fdopen", "tmpfile", "rd_kafka_flush",
               "rd_kafka_sasl_set_credentials"}
NOT_COVERED |= set("""
EVP_CIPHER_CTX_ctrl EVP_CIPHER_CTX_free EVP_CIPHER_CTX_new EVP_DecryptFinal_ex EVP_DecryptInit_ex EVP_DecryptUpdate
EVP_DigestSign EVP_DigestSignInit EVP_DigestVerify EVP_DigestVerifyInit EVP_EncryptFinal_ex EVP_EncryptInit_ex
EVP_EncryptUpdate EVP_PKEY_get_id EVP_PKEY_get_raw_public_key EVP_PKEY_new_raw_public_key EVP_aes_256_gcm
PEM_read_bio_PUBKEY flock fseeko strptime
""".split())
# Nor sealed bodies: the trials set no encrypt.key.file.
NOT_COVERED |= set("""
EVP_CIPHER_CTX_ctrl EVP_CIPHER_CTX_free EVP_CIPHER_CTX_new EVP_CipherInit_ex EVP_CipherUpdate EVP_DecryptFinal_ex
EVP_DecryptInit_ex EVP_DecryptUpdate EVP_EncryptFinal_ex EVP_EncryptInit_ex EVP_EncryptUpdate EVP_aes_256_gcm HMAC
LZ4_compressBound LZ4_compress_default LZ4_decompress_safe OPENSSL_cleanse mlock
""".split())


def unknown_of(program):
    """Functions that a program imports and that nobody has thought about."""
    said = subprocess.run(["nm", "-D", "--undefined-only", program], check=True, capture_output=True, text=True).stdout
    imported = {line.split()[-1].partition("@")[0] for line in said.splitlines() if line.split()[-2] in "Uw"}
    source = (Path(__file__).parent / "interpose.c").read_text(encoding="utf-8")
    return sorted(imported - set(re.findall(r'\{ "(\w+)"', source)) - LEFT_OUT - NOT_COVERED)
