# What the report does without a register. With one: tests/integration/gateway_test.py.
instroom_unit_test(report_test SOURCES report_test.c LINKS instroom_report PkgConfig::JANSSON)
