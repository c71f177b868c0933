BEGIN TRANSACTION;
CREATE TABLE `account` (
          `id` text PRIMARY KEY,
          `email` text NOT NULL,
          `url` text NOT NULL,
          `access_token` text NOT NULL,
          `refresh_token` text NOT NULL,
          `token_expiry` integer,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL
        );
CREATE TABLE `account_state` (
          `id` integer PRIMARY KEY,
          `active_account_id` text,
          `active_org_id` text,
          CONSTRAINT `fk_account_state_active_account_id_account_id_fk` FOREIGN KEY (`active_account_id`) REFERENCES `account`(`id`) ON DELETE SET NULL
        );
CREATE TABLE `control_account` (
          `email` text NOT NULL,
          `url` text NOT NULL,
          `access_token` text NOT NULL,
          `refresh_token` text NOT NULL,
          `token_expiry` integer,
          `active` integer NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `control_account_pk` PRIMARY KEY(`email`, `url`)
        );
CREATE TABLE `credential` (
          `id` text PRIMARY KEY,
          `integration_id` text,
          `label` text NOT NULL,
          `value` text NOT NULL,
          `connector_id` text,
          `method_id` text,
          `active` integer,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL
        );
CREATE TABLE `data_migration` (
          `name` text PRIMARY KEY,
          `time_completed` integer NOT NULL
        );
CREATE TABLE `event` (
          `id` text PRIMARY KEY,
          `aggregate_id` text NOT NULL,
          `seq` integer NOT NULL,
          `type` text NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_event_aggregate_id_event_sequence_aggregate_id_fk` FOREIGN KEY (`aggregate_id`) REFERENCES `event_sequence`(`aggregate_id`) ON DELETE CASCADE
        );
CREATE TABLE `event_sequence` (
          `aggregate_id` text PRIMARY KEY,
          `seq` integer NOT NULL,
          `owner_id` text
        );
CREATE TABLE `message` (
          `id` text PRIMARY KEY,
          `session_id` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_message_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
INSERT INTO "message" VALUES('msg_1ffb32197001IYIs80NT5EZxQp','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291292056,1795291300693,'{"role":"user","time":{"created":1795291292056},"agent":"build","model":{"providerID":"mock","modelID":"m1"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_1ffb32dc9001iyN6sNH6MMi4jH','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291295177,1795291299604,'{"parentID":"msg_1ffb32197001IYIs80NT5EZxQp","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7090,"input":7000,"output":80,"reasoning":10,"cache":{"write":0,"read":0}},"modelID":"m1","providerID":"mock","time":{"created":1795291295177,"completed":1795291299601},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffb33f1c001E2rx25L9dNiQST','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291299612,1795291300351,'{"parentID":"msg_1ffb32197001IYIs80NT5EZxQp","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7499,"input":488,"output":89,"reasoning":10,"cache":{"write":0,"read":6912}},"modelID":"m1","providerID":"mock","time":{"created":1795291299612,"completed":1795291300349},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffb34203001Lu3N9frB8iDnag','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291300355,1795291300958,'{"parentID":"msg_1ffb32197001IYIs80NT5EZxQp","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7908,"input":504,"output":98,"reasoning":10,"cache":{"write":0,"read":7296}},"modelID":"m1","providerID":"mock","time":{"created":1795291300355,"completed":1795291300956},"finish":"stop"}');
INSERT INTO "message" VALUES('msg_1ffb35d16001XHoKYdPvjNAon3','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291307286,1795291314476,'{"role":"user","time":{"created":1795291307286},"agent":"build","model":{"providerID":"mock","modelID":"m1"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_1ffb368da001IErR4HWhbG1z1j','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291310298,1795291314088,'{"parentID":"msg_1ffb35d16001XHoKYdPvjNAon3","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":8317,"input":520,"output":107,"reasoning":10,"cache":{"write":0,"read":7680}},"modelID":"m1","providerID":"mock","time":{"created":1795291310298,"completed":1795291314085},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffb377b0001cxuUJfQogziQeD','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291314096,1795291314709,'{"parentID":"msg_1ffb35d16001XHoKYdPvjNAon3","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":8726,"input":408,"output":116,"reasoning":10,"cache":{"write":0,"read":8192}},"modelID":"m1","providerID":"mock","time":{"created":1795291314096,"completed":1795291314707},"finish":"stop"}');
CREATE TABLE "migration" (id TEXT PRIMARY KEY, time_completed INTEGER NOT NULL);
CREATE TABLE `part` (
          `id` text PRIMARY KEY,
          `message_id` text NOT NULL,
          `session_id` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_part_message_id_message_id_fk` FOREIGN KEY (`message_id`) REFERENCES `message`(`id`) ON DELETE CASCADE
        );
INSERT INTO "part" VALUES('prt_1ffb321e7001ZZ2skuL7YqSRJX','msg_1ffb32197001IYIs80NT5EZxQp','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291295097,1795291295104,'{"type":"text","text":"\"do the steps\""}');
INSERT INTO "part" VALUES('prt_1ffb33be7001jZ6yqmUeLtbhRq','msg_1ffb32dc9001iyN6sNH6MMi4jH','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291298791,1795291298795,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb33bf3001qmJgbYFaOzNSe7','msg_1ffb32dc9001iyN6sNH6MMi4jH','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291298804,1795291298912,'{"type":"text","text":"Step 1: running a command. ","time":{"start":1795291298803,"end":1795291298904}}');
INSERT INTO "part" VALUES('prt_1ffb33c06001Zk3TJ0Y38Y5T4S','msg_1ffb32dc9001iyN6sNH6MMi4jH','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291298822,1795291299235,'{"type":"tool","tool":"bash","callID":"call_10009000002","state":{"status":"completed","input":{"command":"echo step 1","description":"run a step"},"output":"step 1\n","metadata":{"output":"step 1\n","exit":0,"truncated":false},"title":"echo step 1","time":{"start":1795291298870,"end":1795291299232}}}');
INSERT INTO "part" VALUES('prt_1ffb33e56001i9YyEPNF6Fkphq','msg_1ffb32dc9001iyN6sNH6MMi4jH','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291299415,1795291299419,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7090,"input":7000,"output":80,"reasoning":10,"cache":{"write":0,"read":0}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb34020001pOXa5b12TYYNPh','msg_1ffb33f1c001E2rx25L9dNiQST','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291299873,1795291299876,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb34027001FKKyQIiHZm4h1D','msg_1ffb33f1c001E2rx25L9dNiQST','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291299879,1795291299931,'{"type":"text","text":"Step 2: running a command. ","time":{"start":1795291299879,"end":1795291299929}}');
INSERT INTO "part" VALUES('prt_1ffb3402e001v2hBzWEc9ZXn4G','msg_1ffb33f1c001E2rx25L9dNiQST','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291299887,1795291299999,'{"type":"tool","tool":"bash","callID":"call_10009000004","state":{"status":"completed","input":{"command":"echo step 2","description":"run a step"},"output":"step 2\n","metadata":{"output":"step 2\n","exit":0,"truncated":false},"title":"echo step 2","time":{"start":1795291299915,"end":1795291299996}}}');
INSERT INTO "part" VALUES('prt_1ffb34183001dXsq9q79Gjgiyy','msg_1ffb33f1c001E2rx25L9dNiQST','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291300227,1795291300230,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7499,"input":488,"output":89,"reasoning":10,"cache":{"write":0,"read":6912}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb342f7001uNhGJ5PdLg5oFl','msg_1ffb34203001Lu3N9frB8iDnag','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291300599,1795291300602,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb342fc001oII6DEnHLw9aDx','msg_1ffb34203001Lu3N9frB8iDnag','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291300605,1795291300618,'{"type":"text","text":"All done.","time":{"start":1795291300605,"end":1795291300612}}');
INSERT INTO "part" VALUES('prt_1ffb343db001oEipBYo0eDlVO1','msg_1ffb34203001Lu3N9frB8iDnag','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291300827,1795291300830,'{"reason":"stop","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7908,"input":504,"output":98,"reasoning":10,"cache":{"write":0,"read":7296}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb35d1c00122p8eJ1m8sbAGe','msg_1ffb35d16001XHoKYdPvjNAon3','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291310206,1795291310215,'{"type":"text","text":"\"one more step\""}');
INSERT INTO "part" VALUES('prt_1ffb37465001bkAQYPpc00OPoU','msg_1ffb368da001IErR4HWhbG1z1j','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291313254,1795291313258,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb3746d001Hg577Fm0yoKcdA','msg_1ffb368da001IErR4HWhbG1z1j','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291313262,1795291313362,'{"type":"text","text":"Step 1: running a command. ","time":{"start":1795291313261,"end":1795291313359}}');
INSERT INTO "part" VALUES('prt_1ffb374820012LnPItJjZNEJGZ','msg_1ffb368da001IErR4HWhbG1z1j','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291313282,1795291313725,'{"type":"tool","tool":"bash","callID":"call_10118000001","state":{"status":"completed","input":{"command":"echo step 1","description":"run a step"},"output":"step 1\n","metadata":{"output":"step 1\n","exit":0,"truncated":false},"title":"echo step 1","time":{"start":1795291313332,"end":1795291313722}}}');
INSERT INTO "part" VALUES('prt_1ffb376c90012650aJnyYeE2xC','msg_1ffb368da001IErR4HWhbG1z1j','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291313865,1795291313869,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":8317,"input":520,"output":107,"reasoning":10,"cache":{"write":0,"read":7680}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb378de001Gni8QqN930VZFc','msg_1ffb377b0001cxuUJfQogziQeD','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291314402,1795291314405,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb378e8001W2Vu9Iz4P7MlNc','msg_1ffb377b0001cxuUJfQogziQeD','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291314409,1795291314428,'{"type":"text","text":"All done.","time":{"start":1795291314408,"end":1795291314421}}');
INSERT INTO "part" VALUES('prt_1ffb3798e001ROgUYvH677DJ2O','msg_1ffb377b0001cxuUJfQogziQeD','ses_e004cdf27ffekm7zGj4Gzfy1Gc',1795291314575,1795291314578,'{"reason":"stop","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":8726,"input":408,"output":116,"reasoning":10,"cache":{"write":0,"read":8192}},"cost":0}');
CREATE TABLE `permission` (
          `id` text PRIMARY KEY,
          `project_id` text NOT NULL,
          `action` text NOT NULL,
          `resource` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `fk_permission_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `project` (
          `id` text PRIMARY KEY,
          `worktree` text NOT NULL,
          `vcs` text,
          `name` text,
          `icon_url` text,
          `icon_url_override` text,
          `icon_color` text,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `time_initialized` integer,
          `sandboxes` text NOT NULL,
          `commands` text
        );
INSERT INTO "project" VALUES('global','/home/dev/project','git',NULL,NULL,NULL,NULL,1795291289988,1795291305808,NULL,'[]',NULL);
CREATE TABLE `project_directory` (
          `project_id` text NOT NULL,
          `directory` text NOT NULL,
          `type` text,
          `strategy` text,
          `time_created` integer NOT NULL,
          CONSTRAINT `project_directory_pk` PRIMARY KEY(`project_id`, `directory`),
          CONSTRAINT `fk_project_directory_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session` (
          `id` text PRIMARY KEY,
          `project_id` text NOT NULL,
          `workspace_id` text,
          `parent_id` text,
          `slug` text NOT NULL,
          `directory` text NOT NULL,
          `path` text,
          `title` text NOT NULL,
          `version` text NOT NULL,
          `share_url` text,
          `summary_additions` integer,
          `summary_deletions` integer,
          `summary_files` integer,
          `summary_diffs` text,
          `metadata` text,
          `cost` real DEFAULT 0 NOT NULL,
          `tokens_input` integer DEFAULT 0 NOT NULL,
          `tokens_output` integer DEFAULT 0 NOT NULL,
          `tokens_reasoning` integer DEFAULT 0 NOT NULL,
          `tokens_cache_read` integer DEFAULT 0 NOT NULL,
          `tokens_cache_write` integer DEFAULT 0 NOT NULL,
          `revert` text,
          `permission` text,
          `agent` text,
          `model` text,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `time_compacting` integer,
          `time_archived` integer,
          CONSTRAINT `fk_session_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
INSERT INTO "session" VALUES('ses_e004cdf27ffekm7zGj4Gzfy1Gc','global',NULL,NULL,'crisp-garden','/home/dev/project','','All done.','1.18.33',NULL,0,0,0,NULL,NULL,0.0,8920,490,50,30080,0,NULL,'[{"permission":"question","pattern":"*","action":"deny"},{"permission":"plan_enter","pattern":"*","action":"deny"},{"permission":"plan_exit","pattern":"*","action":"deny"}]','build','{"id":"m1","providerID":"mock","variant":"default"}',1795291291865,1795291314722,NULL,NULL);
CREATE TABLE `session_context_epoch` (
          `session_id` text PRIMARY KEY,
          `baseline` text NOT NULL,
          `snapshot` text NOT NULL,
          `baseline_seq` integer NOT NULL,
          CONSTRAINT `fk_session_context_epoch_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session_input` (
          `id` text PRIMARY KEY,
          `session_id` text NOT NULL,
          `prompt` text NOT NULL,
          `delivery` text NOT NULL,
          `admitted_seq` integer NOT NULL,
          `promoted_seq` integer,
          `time_created` integer NOT NULL,
          CONSTRAINT `fk_session_input_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session_message` (
          `id` text PRIMARY KEY,
          `session_id` text NOT NULL,
          `type` text NOT NULL,
          `seq` integer NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          `data` text NOT NULL,
          CONSTRAINT `fk_session_message_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `session_share` (
          `session_id` text PRIMARY KEY,
          `id` text NOT NULL,
          `secret` text NOT NULL,
          `url` text NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `fk_session_share_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `todo` (
          `session_id` text NOT NULL,
          `content` text NOT NULL,
          `status` text NOT NULL,
          `priority` text NOT NULL,
          `position` integer NOT NULL,
          `time_created` integer NOT NULL,
          `time_updated` integer NOT NULL,
          CONSTRAINT `todo_pk` PRIMARY KEY(`session_id`, `position`),
          CONSTRAINT `fk_todo_session_id_session_id_fk` FOREIGN KEY (`session_id`) REFERENCES `session`(`id`) ON DELETE CASCADE
        );
CREATE TABLE `workspace` (
          `id` text PRIMARY KEY,
          `type` text NOT NULL,
          `name` text DEFAULT '' NOT NULL,
          `branch` text,
          `directory` text,
          `extra` text,
          `project_id` text NOT NULL,
          `time_used` integer NOT NULL,
          CONSTRAINT `fk_workspace_project_id_project_id_fk` FOREIGN KEY (`project_id`) REFERENCES `project`(`id`) ON DELETE CASCADE
        );
CREATE UNIQUE INDEX `event_aggregate_seq_idx` ON `event` (`aggregate_id`,`seq`);
CREATE INDEX `event_aggregate_type_seq_idx` ON `event` (`aggregate_id`,`type`,`seq`);
CREATE UNIQUE INDEX `permission_project_action_resource_idx` ON `permission` (`project_id`,`action`,`resource`);
CREATE INDEX `message_session_time_created_id_idx` ON `message` (`session_id`,`time_created`,`id`);
CREATE INDEX `part_message_id_id_idx` ON `part` (`message_id`,`id`);
CREATE INDEX `part_session_idx` ON `part` (`session_id`);
CREATE INDEX `session_input_session_pending_delivery_seq_idx` ON `session_input` (`session_id`,`promoted_seq`,`delivery`,`admitted_seq`);
CREATE UNIQUE INDEX `session_input_session_admitted_seq_idx` ON `session_input` (`session_id`,`admitted_seq`);
CREATE UNIQUE INDEX `session_input_session_promoted_seq_idx` ON `session_input` (`session_id`,`promoted_seq`);
CREATE UNIQUE INDEX `session_message_session_seq_idx` ON `session_message` (`session_id`,`seq`);
CREATE INDEX `session_message_session_type_seq_idx` ON `session_message` (`session_id`,`type`,`seq`);
CREATE INDEX `session_message_session_time_created_id_idx` ON `session_message` (`session_id`,`time_created`,`id`);
CREATE INDEX `session_message_time_created_idx` ON `session_message` (`time_created`);
CREATE INDEX `session_project_idx` ON `session` (`project_id`);
CREATE INDEX `session_workspace_idx` ON `session` (`workspace_id`);
CREATE INDEX `session_parent_idx` ON `session` (`parent_id`);
CREATE INDEX `todo_session_idx` ON `todo` (`session_id`);
COMMIT;
