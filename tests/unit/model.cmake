instroom_unit_test(model_test
  SOURCES access_data_test.c csv_test.c date_test.c delivery_test.c field_test.c party_number_test.c
    reference_test.c rule_test.c teacher_key_test.c
  LINKS instroom_model PkgConfig::CRYPTO)
