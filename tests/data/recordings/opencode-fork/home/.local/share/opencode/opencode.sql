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
INSERT INTO "message" VALUES('msg_1ffb38d01001mRuVIQWl6QGeDY','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291319553,1795291325341,'{"role":"user","time":{"created":1795291319553},"agent":"build","model":{"providerID":"mock","modelID":"m1"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_1ffb394760010bmVnGgDFX0wg7','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291321462,1795291324334,'{"parentID":"msg_1ffb38d01001mRuVIQWl6QGeDY","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7090,"input":7000,"output":80,"reasoning":10,"cache":{"write":0,"read":0}},"modelID":"m1","providerID":"mock","time":{"created":1795291321462,"completed":1795291324331},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffb39fb4001qh5lxymGBpKvAx','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291324340,1795291325043,'{"parentID":"msg_1ffb38d01001mRuVIQWl6QGeDY","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7499,"input":488,"output":89,"reasoning":10,"cache":{"write":0,"read":6912}},"modelID":"m1","providerID":"mock","time":{"created":1795291324340,"completed":1795291325040},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffb3a277001UXkoyIivLuO4bz','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291325047,1795291325832,'{"parentID":"msg_1ffb38d01001mRuVIQWl6QGeDY","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7908,"input":504,"output":98,"reasoning":10,"cache":{"write":0,"read":7296}},"modelID":"m1","providerID":"mock","time":{"created":1795291325047,"completed":1795291325830},"finish":"stop"}');
INSERT INTO "message" VALUES('msg_1ffb3c88f001WoIRTBsxxb71MW','ses_e004c37adffenw3KDn5yi7k77U',1795291319553,1795291334806,'{"role":"user","time":{"created":1795291319553},"agent":"build","model":{"providerID":"mock","modelID":"m1"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_1ffb3d271001MF3dzw9qowYyBP','ses_e004c37adffenw3KDn5yi7k77U',1795291321462,1795291337333,'{"parentID":"msg_1ffb3c88f001WoIRTBsxxb71MW","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7090,"input":7000,"output":80,"reasoning":10,"cache":{"write":0,"read":0}},"modelID":"m1","providerID":"mock","time":{"created":1795291321462,"completed":1795291324331},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffb3d299001mEO6MvVsRrtRcI','ses_e004c37adffenw3KDn5yi7k77U',1795291324340,1795291337383,'{"parentID":"msg_1ffb3c88f001WoIRTBsxxb71MW","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7499,"input":488,"output":89,"reasoning":10,"cache":{"write":0,"read":6912}},"modelID":"m1","providerID":"mock","time":{"created":1795291324340,"completed":1795291325040},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffb3d2bf00199QhVPkS78Nv86','ses_e004c37adffenw3KDn5yi7k77U',1795291325047,1795291337409,'{"parentID":"msg_1ffb3c88f001WoIRTBsxxb71MW","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":7908,"input":504,"output":98,"reasoning":10,"cache":{"write":0,"read":7296}},"modelID":"m1","providerID":"mock","time":{"created":1795291325047,"completed":1795291325830},"finish":"stop"}');
INSERT INTO "message" VALUES('msg_1ffb3d355001ihTc7Rosclal7c','ses_e004c37adffenw3KDn5yi7k77U',1795291337558,1795291340856,'{"role":"user","time":{"created":1795291337558},"agent":"build","model":{"providerID":"mock","modelID":"m1"},"summary":{"diffs":[]}}');
INSERT INTO "message" VALUES('msg_1ffb3d387001refj8BkyhBgiPx','ses_e004c37adffenw3KDn5yi7k77U',1795291337607,1795291340216,'{"parentID":"msg_1ffb3d355001ihTc7Rosclal7c","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":8317,"input":520,"output":107,"reasoning":10,"cache":{"write":0,"read":7680}},"modelID":"m1","providerID":"mock","time":{"created":1795291337607,"completed":1795291340212},"finish":"tool-calls"}');
INSERT INTO "message" VALUES('msg_1ffb3dddc0016OSWXjlWY1YayY','ses_e004c37adffenw3KDn5yi7k77U',1795291340253,1795291341221,'{"parentID":"msg_1ffb3d355001ihTc7Rosclal7c","role":"assistant","mode":"build","agent":"build","path":{"cwd":"/home/dev/project","root":"/home/dev/project"},"cost":0,"tokens":{"total":8726,"input":408,"output":116,"reasoning":10,"cache":{"write":0,"read":8192}},"modelID":"m1","providerID":"mock","time":{"created":1795291340253,"completed":1795291341218},"finish":"stop"}');
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
INSERT INTO "part" VALUES('prt_1ffb38d1b001cJLBQ1eUX73I9x','msg_1ffb38d01001mRuVIQWl6QGeDY','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291321428,1795291321432,'{"type":"text","text":"\"do the steps\""}');
INSERT INTO "part" VALUES('prt_1ffb39d4b001bGwtT6h65lTc72','msg_1ffb394760010bmVnGgDFX0wg7','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291323723,1795291323726,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb39d51001fmY3zo7i0jGoIo','msg_1ffb394760010bmVnGgDFX0wg7','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291323729,1795291323809,'{"type":"text","text":"Step 1: running a command. ","time":{"start":1795291323729,"end":1795291323800}}');
INSERT INTO "part" VALUES('prt_1ffb39d68001mdLgjC10a9ckOf','msg_1ffb394760010bmVnGgDFX0wg7','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291323752,1795291324044,'{"type":"tool","tool":"bash","callID":"call_10210000002","state":{"status":"completed","input":{"command":"echo step 1","description":"run a step"},"output":"step 1\n","metadata":{"output":"step 1\n","exit":0,"truncated":false},"title":"echo step 1","time":{"start":1795291323776,"end":1795291324042}}}');
INSERT INTO "part" VALUES('prt_1ffb39f12001ru0kwluK0nbyIP','msg_1ffb394760010bmVnGgDFX0wg7','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291324178,1795291324182,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7090,"input":7000,"output":80,"reasoning":10,"cache":{"write":0,"read":0}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb3a0e5001j0qSkz7Pp4R88q','msg_1ffb39fb4001qh5lxymGBpKvAx','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291324646,1795291324649,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb3a0ee001OI3MB2mOTtVCAy','msg_1ffb39fb4001qh5lxymGBpKvAx','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291324655,1795291324706,'{"type":"text","text":"Step 2: running a command. ","time":{"start":1795291324654,"end":1795291324703}}');
INSERT INTO "part" VALUES('prt_1ffb3a0f8001Xyqv23bvH0lPzG','msg_1ffb39fb4001qh5lxymGBpKvAx','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291324665,1795291324781,'{"type":"tool","tool":"bash","callID":"call_10210000004","state":{"status":"completed","input":{"command":"echo step 2","description":"run a step"},"output":"step 2\n","metadata":{"output":"step 2\n","exit":0,"truncated":false},"title":"echo step 2","time":{"start":1795291324686,"end":1795291324778}}}');
INSERT INTO "part" VALUES('prt_1ffb3a1e5001LiJqJi5biCl2II','msg_1ffb39fb4001qh5lxymGBpKvAx','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291324901,1795291324906,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7499,"input":488,"output":89,"reasoning":10,"cache":{"write":0,"read":6912}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb3a3cc001NmLjGVuZLyrxWK','msg_1ffb3a277001UXkoyIivLuO4bz','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291325389,1795291325391,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb3a3d2001T9UabEYVM8LArV','msg_1ffb3a277001UXkoyIivLuO4bz','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291325394,1795291325421,'{"type":"text","text":"All done.","time":{"start":1795291325394,"end":1795291325418}}');
INSERT INTO "part" VALUES('prt_1ffb3a4ce001jfoT9n538t0SwS','msg_1ffb3a277001UXkoyIivLuO4bz','ses_e004c73e8ffecaMTWOvnzB3cIq',1795291325651,1795291325658,'{"reason":"stop","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7908,"input":504,"output":98,"reasoning":10,"cache":{"write":0,"read":7296}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb3d26a001FN8gU93P6YaCYb','msg_1ffb3c88f001WoIRTBsxxb71MW','ses_e004c37adffenw3KDn5yi7k77U',1795291337323,1795291337327,'{"type":"text","text":"\"do the steps\""}');
INSERT INTO "part" VALUES('prt_1ffb3d277001JG5YsHbaRAnbxR','msg_1ffb3d271001MF3dzw9qowYyBP','ses_e004c37adffenw3KDn5yi7k77U',1795291337335,1795291337337,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb3d27f001T6envWI2fJ5Vjc','msg_1ffb3d271001MF3dzw9qowYyBP','ses_e004c37adffenw3KDn5yi7k77U',1795291337344,1795291337350,'{"type":"text","text":"Step 1: running a command. ","time":{"start":1795291323729,"end":1795291323800}}');
INSERT INTO "part" VALUES('prt_1ffb3d288001qpAEXeCFn3936C','msg_1ffb3d271001MF3dzw9qowYyBP','ses_e004c37adffenw3KDn5yi7k77U',1795291337352,1795291337359,'{"type":"tool","tool":"bash","callID":"call_10210000002","state":{"status":"completed","input":{"command":"echo step 1","description":"run a step"},"output":"step 1\n","metadata":{"output":"step 1\n","exit":0,"truncated":false},"title":"echo step 1","time":{"start":1795291323776,"end":1795291324042}}}');
INSERT INTO "part" VALUES('prt_1ffb3d291001SbZ4ZVUs4NsyLX','msg_1ffb3d271001MF3dzw9qowYyBP','ses_e004c37adffenw3KDn5yi7k77U',1795291337361,1795291337366,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7090,"input":7000,"output":80,"reasoning":10,"cache":{"write":0,"read":0}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb3d2a9001vRA6jaz5oI4sd8','msg_1ffb3d299001mEO6MvVsRrtRcI','ses_e004c37adffenw3KDn5yi7k77U',1795291337386,1795291337389,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb3d2b20014jdWiR0WisNHzX','msg_1ffb3d299001mEO6MvVsRrtRcI','ses_e004c37adffenw3KDn5yi7k77U',1795291337394,1795291337396,'{"type":"text","text":"Step 2: running a command. ","time":{"start":1795291324654,"end":1795291324703}}');
INSERT INTO "part" VALUES('prt_1ffb3d2b7001g07B8NPfhqa1NJ','msg_1ffb3d299001mEO6MvVsRrtRcI','ses_e004c37adffenw3KDn5yi7k77U',1795291337399,1795291337401,'{"type":"tool","tool":"bash","callID":"call_10210000004","state":{"status":"completed","input":{"command":"echo step 2","description":"run a step"},"output":"step 2\n","metadata":{"output":"step 2\n","exit":0,"truncated":false},"title":"echo step 2","time":{"start":1795291324686,"end":1795291324778}}}');
INSERT INTO "part" VALUES('prt_1ffb3d2bb0019CP5G6Ugm5OH73','msg_1ffb3d299001mEO6MvVsRrtRcI','ses_e004c37adffenw3KDn5yi7k77U',1795291337404,1795291337405,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7499,"input":488,"output":89,"reasoning":10,"cache":{"write":0,"read":6912}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb3d2c2001vrZObGTtdvr3Nd','msg_1ffb3d2bf00199QhVPkS78Nv86','ses_e004c37adffenw3KDn5yi7k77U',1795291337410,1795291337419,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb3d2ea001qzpVHury7mgHyA','msg_1ffb3d2bf00199QhVPkS78Nv86','ses_e004c37adffenw3KDn5yi7k77U',1795291337450,1795291337452,'{"type":"text","text":"All done.","time":{"start":1795291325394,"end":1795291325418}}');
INSERT INTO "part" VALUES('prt_1ffb3d2ee001OHlcUStov0OVyY','msg_1ffb3d2bf00199QhVPkS78Nv86','ses_e004c37adffenw3KDn5yi7k77U',1795291337454,1795291337456,'{"reason":"stop","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":7908,"input":504,"output":98,"reasoning":10,"cache":{"write":0,"read":7296}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb3d360001tyngiwKhca29wv','msg_1ffb3d355001ihTc7Rosclal7c','ses_e004c37adffenw3KDn5yi7k77U',1795291337574,1795291337576,'{"type":"text","text":"\"one more step\""}');
INSERT INTO "part" VALUES('prt_1ffb3db02001iH2n125OxAVKxn','msg_1ffb3d387001refj8BkyhBgiPx','ses_e004c37adffenw3KDn5yi7k77U',1795291339522,1795291339525,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb3db080019A5k66Nkcalwfb','msg_1ffb3d387001refj8BkyhBgiPx','ses_e004c37adffenw3KDn5yi7k77U',1795291339529,1795291339583,'{"type":"text","text":"Step 1: running a command. ","time":{"start":1795291339528,"end":1795291339580}}');
INSERT INTO "part" VALUES('prt_1ffb3db17001mJh4iVRViDFIQe','msg_1ffb3d387001refj8BkyhBgiPx','ses_e004c37adffenw3KDn5yi7k77U',1795291339543,1795291340016,'{"type":"tool","tool":"bash","callID":"call_10422000001","state":{"status":"completed","input":{"command":"echo step 1","description":"run a step"},"output":"step 1\n","metadata":{"output":"step 1\n","exit":0,"truncated":false},"title":"echo step 1","time":{"start":1795291339563,"end":1795291340004}}}');
INSERT INTO "part" VALUES('prt_1ffb3dd4f001ykaNsiKMsCAMfZ','msg_1ffb3d387001refj8BkyhBgiPx','ses_e004c37adffenw3KDn5yi7k77U',1795291340112,1795291340117,'{"reason":"tool-calls","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":8317,"input":520,"output":107,"reasoning":10,"cache":{"write":0,"read":7680}},"cost":0}');
INSERT INTO "part" VALUES('prt_1ffb3dfcb001MCFN8HUZ2FTX7F','msg_1ffb3dddc0016OSWXjlWY1YayY','ses_e004c37adffenw3KDn5yi7k77U',1795291340747,1795291340752,'{"snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-start"}');
INSERT INTO "part" VALUES('prt_1ffb3dfd8001apc5JWhbCdcdaX','msg_1ffb3dddc0016OSWXjlWY1YayY','ses_e004c37adffenw3KDn5yi7k77U',1795291340760,1795291340777,'{"type":"text","text":"All done.","time":{"start":1795291340760,"end":1795291340774}}');
INSERT INTO "part" VALUES('prt_1ffb3e10e001dhostTi4WA4jsP0S','msg_1ffb3dddc0016OSWXjlWY1YayY','ses_e004c37adffenw3KDn5yi7k77U',1795291341070,1795291341073,'{"reason":"stop","snapshot":"4b825dc642cb6eb9a060e54bf8d69288fbee4904","type":"step-finish","tokens":{"total":8726,"input":408,"output":116,"reasoning":10,"cache":{"write":0,"read":8192}},"cost":0}');
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
INSERT INTO "project" VALUES('global','/home/dev/project','git',NULL,NULL,NULL,NULL,1795291318235,1795291332743,NULL,'[]',NULL);
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
INSERT INTO "session" VALUES('ses_e004c73e8ffecaMTWOvnzB3cIq','global',NULL,NULL,'witty-lagoon','/home/dev/project','','All done.','1.18.33',NULL,0,0,0,NULL,NULL,0.0,7992,267,30,14208,0,NULL,'[{"permission":"question","pattern":"*","action":"deny"},{"permission":"plan_enter","pattern":"*","action":"deny"},{"permission":"plan_exit","pattern":"*","action":"deny"}]','build','{"id":"m1","providerID":"mock","variant":"default"}',1795291319320,1795291325945,NULL,NULL);
INSERT INTO "session" VALUES('ses_e004c37adffenw3KDn5yi7k77U','global',NULL,NULL,'swift-river','/home/dev/project','','All done. (fork #1)','1.18.33',NULL,0,0,0,NULL,NULL,0.0,8920,490,50,30080,0,NULL,NULL,'build','{"id":"m1","providerID":"mock","variant":"default"}',1795291334739,1795291341254,NULL,NULL);
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
