-- A confirmation may name, by a digest, who would lapse (specification 8.6): carried out only if it is still them. And
-- why an operator did something stands beside who did it.

alter table register.confirmation add column has_other_absent boolean not null default false;
comment on column register.confirmation.has_other_absent is 'not carried out: others would lapse than its condition names';

alter table register.access add column reason text;
