# What common/render does without a register. With one: tests/integration/gateway_test.py.
instroom_unit_test(terugmelding_test SOURCES terugmelding_test.c LINKS instroom_render PkgConfig::JANSSON)
