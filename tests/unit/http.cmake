instroom_unit_test(http_test SOURCES http_head_test.c http_server_test.c http_tls_test.c
  LINKS instroom_http PkgConfig::SSL PkgConfig::CRYPTO)
