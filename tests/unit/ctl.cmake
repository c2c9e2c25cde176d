# What instroomctl does without servers. With them: tests/integration/ctl_test.py and replay_test.py.
instroom_unit_test(ctl_checkpoint_test SOURCES ctl_checkpoint_test.c LINKS instroom_ctl)
instroom_unit_test(ctl_output_test SOURCES ctl_output_test.c LINKS instroom_ctl)
instroom_unit_test(ctl_commands_test SOURCES ctl_commands_test.c LINKS instroom_ctl)
instroom_unit_test(ctl_answer_test SOURCES ctl_answer_test.c LINKS instroom_ctl PkgConfig::JANSSON)
instroom_unit_test(ctl_mask_test SOURCES ctl_mask_test.c LINKS instroom_ctl)
instroom_unit_test(ctl_erased_key_test SOURCES ctl_erased_key_test.c LINKS instroom_ctl)
instroom_unit_test(ctl_mail_text_test SOURCES ctl_mail_text_test.c LINKS instroom_ctl)
