package errs

// Code names a kind of failure. Programs branch on it and on nothing else; it never changes
// (auth contract, section 8; chat codes: decision 35).
type Code string

// The catalogue of codes.
const (
	InitDataRequired         Code = "init_data_required"
	InitDataInvalid          Code = "init_data_invalid"
	InitDataExpired          Code = "init_data_expired"
	TelegramDataInvalid      Code = "telegram_data_invalid"
	TelegramAlreadyBound     Code = "telegram_already_bound"
	TelegramTaken            Code = "telegram_taken"
	PasswordMismatch         Code = "password_mismatch"
	PasswordWeak             Code = "password_weak"
	EmailInvalid             Code = "email_invalid"
	UserNotFound             Code = "user_not_found"
	EmailAlreadyBound        Code = "email_already_bound"
	EmailTaken               Code = "email_taken"
	AccountDisabled          Code = "account_disabled"
	CredentialsInvalid       Code = "credentials_invalid"
	TokenMissing             Code = "token_missing"
	TokenInvalid             Code = "token_invalid"
	TokenExpired             Code = "token_expired"
	SessionRevoked           Code = "session_revoked"
	RefreshTokenRequired     Code = "refresh_token_required"
	RefreshTokenInvalid      Code = "refresh_token_invalid"
	RefreshTokenExpired      Code = "refresh_token_expired"
	RefreshTokenReused       Code = "refresh_token_reused"
	MFARequired              Code = "mfa_required"
	MFAInvalid               Code = "mfa_invalid"
	MFAExpired               Code = "mfa_expired"
	FactorExists             Code = "factor_exists"
	ReauthRequired           Code = "reauth_required"
	LastLoginMethod          Code = "last_login_method"
	NotBound                 Code = "not_bound"
	EmailVerified            Code = "email_verified"
	EmailNotVerified         Code = "email_not_verified"
	VerificationTokenInvalid Code = "verification_token_invalid"
	ResetTokenInvalid        Code = "reset_token_invalid"
	SessionNotFound          Code = "session_not_found"
	SignupDisabled           Code = "signup_disabled"
	GeoBlocked               Code = "geo_blocked"
	Forbidden                Code = "forbidden"
	AccountLocked            Code = "account_locked"
	RateLimited              Code = "rate_limited"
	ValidationFailed         Code = "validation_failed"
	MalformedJSON            Code = "malformed_json"
	PayloadTooLarge          Code = "payload_too_large"
	UnsupportedMediaType     Code = "unsupported_media_type"
	MethodNotAllowed         Code = "method_not_allowed"
	NotFound                 Code = "not_found"
	Internal                 Code = "internal"
	Unavailable              Code = "unavailable"
	NotMember                Code = "not_member"
	RoomFull                 Code = "room_full"
	RoomClosed               Code = "room_closed"
	CIDConflict              Code = "cid_conflict"
	MessageDeleted           Code = "message_deleted"
	EditWindowClosed         Code = "edit_window_closed"
	NicknameTaken            Code = "nickname_taken"
	InviteInvalid            Code = "invite_invalid"
	MediaUnsupported         Code = "media_unsupported"
	MediaLimit               Code = "media_limit"
	OriginForbidden          Code = "origin_forbidden"
	UnknownEvent             Code = "unknown_event"
)

// entry is what the world sees of a code: its HTTP status and its text in three languages.
type entry struct {
	status     int
	zh, en, ru string
}

// catalogue is read only.
var catalogue = map[Code]entry{
	InitDataRequired:         {400, "initData不能为空", "initData required", "Не передан initData"},
	InitDataInvalid:          {401, "initData hash验证失败", "invalid initData", "Подпись initData не прошла проверку"},
	InitDataExpired:          {401, "initData已过期", "initData expired", "Срок действия initData истёк"},
	TelegramDataInvalid:      {401, "Telegram数据验证失败", "Telegram data verification failed", "Данные Telegram не прошли проверку"},
	TelegramAlreadyBound:     {409, "该账号已经绑定了Telegram", "This account is already linked to Telegram", "К этому аккаунту уже привязан Telegram"},
	TelegramTaken:            {409, "该Telegram账号已被其他用户绑定", "This Telegram account is linked to another user", "Этот Telegram уже привязан к другому пользователю"},
	PasswordMismatch:         {400, "密码和确认密码不匹配", "Password and confirmation do not match", "Пароль и подтверждение не совпадают"},
	PasswordWeak:             {400, "密码强度不满足要求：至少6个字符，且包含至少一个字母与一个数字", "Password is too weak: at least 6 characters with a letter and a digit", "Слишком слабый пароль: не менее 6 символов, буква и цифра"},
	EmailInvalid:             {400, "邮箱格式不正确", "Invalid e-mail address", "Некорректный адрес почты"},
	UserNotFound:             {401, "用户不存在", "User does not exist", "Пользователь не существует"},
	EmailAlreadyBound:        {409, "该账号已绑定邮箱", "This account already has an e-mail address", "К этому аккаунту уже привязана почта"},
	EmailTaken:               {409, "该邮箱已被其他账号使用", "This e-mail address is used by another account", "Эта почта используется другим аккаунтом"},
	AccountDisabled:          {403, "用户账号已被禁用", "Account is disabled", "Аккаунт заблокирован"},
	CredentialsInvalid:       {401, "邮箱或密码错误", "Wrong e-mail or password", "Неверная почта или пароль"},
	TokenMissing:             {401, "未提供访问令牌", "Access token missing", "Не передан токен доступа"},
	TokenInvalid:             {401, "访问令牌无效", "Access token invalid", "Недействительный токен доступа"},
	TokenExpired:             {401, "访问令牌已过期", "Access token expired", "Срок действия токена истёк"},
	SessionRevoked:           {401, "会话已失效，请重新登录", "Session ended, log in again", "Сессия завершена, войдите снова"},
	RefreshTokenRequired:     {400, "refresh_token不能为空", "refresh_token required", "Не передан refresh_token"},
	RefreshTokenInvalid:      {401, "刷新令牌无效", "Refresh token invalid", "Недействительный токен обновления"},
	RefreshTokenExpired:      {401, "刷新令牌已过期", "Refresh token expired", "Срок действия токена обновления истёк"},
	RefreshTokenReused:       {401, "刷新令牌已被使用，会话已终止", "Refresh token already used, session ended", "Токен обновления уже использован, сессия завершена"},
	MFARequired:              {403, "需要二次验证", "Second factor required", "Требуется второй фактор"},
	MFAInvalid:               {401, "验证码错误", "Wrong code", "Неверный код"},
	MFAExpired:               {401, "验证已过期，请重新登录", "Verification expired, log in again", "Проверка устарела, войдите снова"},
	FactorExists:             {409, "已添加过这种验证方式", "This factor is already set up", "Такой способ подтверждения уже добавлен"},
	ReauthRequired:           {403, "请重新验证身份", "Please confirm your identity again", "Подтвердите личность ещё раз"},
	LastLoginMethod:          {409, "不能解绑唯一的登录方式", "Cannot remove the only login method", "Нельзя отвязать единственный способ входа"},
	NotBound:                 {409, "尚未绑定", "Not linked", "Не привязано"},
	EmailVerified:            {409, "邮箱已验证", "E-mail already verified", "Почта уже подтверждена"},
	EmailNotVerified:         {403, "邮箱尚未验证", "E-mail not verified", "Почта не подтверждена"},
	VerificationTokenInvalid: {400, "验证链接无效或已过期", "Verification link invalid or expired", "Ссылка недействительна или устарела"},
	ResetTokenInvalid:        {400, "重置链接无效或已过期", "Reset link invalid or expired", "Ссылка для сброса недействительна или устарела"},
	SessionNotFound:          {404, "会话不存在", "Session not found", "Сессия не найдена"},
	SignupDisabled:           {403, "注册已关闭", "Registration is closed", "Регистрация закрыта"},
	GeoBlocked:               {403, "当前地区无法登录", "Login not allowed from this region", "Вход из этого региона запрещён"},
	Forbidden:                {403, "没有权限", "Not allowed", "Недостаточно прав"},
	AccountLocked:            {429, "尝试次数过多，请稍后再试", "Too many attempts, try later", "Слишком много попыток, попробуйте позже"},
	RateLimited:              {429, "请求过于频繁", "Too many requests", "Слишком много запросов"},
	ValidationFailed:         {400, "请求参数不正确", "Invalid request", "Некорректный запрос"},
	MalformedJSON:            {400, "请求体不是有效的JSON", "Body is not valid JSON", "Тело запроса не является корректным JSON"},
	PayloadTooLarge:          {413, "请求体过大", "Body too large", "Слишком большой запрос"},
	UnsupportedMediaType:     {415, "仅支持application/json", "Only application/json is accepted", "Поддерживается только application/json"},
	MethodNotAllowed:         {405, "方法不允许", "Method not allowed", "Метод не поддерживается"},
	NotFound:                 {404, "资源不存在", "Not found", "Не найдено"},
	Internal:                 {500, "服务器内部错误", "Internal error", "Внутренняя ошибка"},
	Unavailable:              {503, "服务暂不可用", "Service unavailable", "Сервис недоступен"},
	NotMember:                {403, "你不在这个房间里", "Not a member of this room", "Вы не в этой комнате"},
	RoomFull:                 {409, "没有空位", "No seats left", "Мест нет"},
	RoomClosed:               {410, "这个房间已不存在", "This room is gone", "Этой комнаты больше нет"},
	CIDConflict:              {409, "该 cid 已用于另一条消息", "This cid was used for another message", "Этот cid уже занят другим сообщением"},
	MessageDeleted:           {409, "消息已删除", "Message deleted", "Сообщение удалено"},
	EditWindowClosed:         {403, "已超过可编辑的时间", "Too late to edit", "Изменить уже нельзя"},
	NicknameTaken:            {409, "这个名字已被使用", "This nickname is taken", "Это имя занято"},
	InviteInvalid:            {404, "链接已失效", "This link no longer works", "Ссылка больше не действует"},
	MediaUnsupported:         {415, "不支持这种图片", "This kind of picture is not supported", "Такие картинки не поддерживаются"},
	MediaLimit:               {409, "图片数量已达上限", "No more pictures can be added", "Больше картинок добавить нельзя"},
	OriginForbidden:          {403, "不允许来自该来源的请求", "Requests from this origin are not allowed", "Запросы с этого адреса не разрешены"},
	UnknownEvent:             {400, "未知事件", "Unknown event", "Неизвестное событие"},
}
