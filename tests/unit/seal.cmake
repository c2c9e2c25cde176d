instroom_unit_test(seal_test SOURCES seal_frame_test.c seal_keys_test.c
  LINKS instroom_seal instroom_protocol PkgConfig::CRYPTO)
