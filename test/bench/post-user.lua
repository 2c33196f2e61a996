-- Makes a user with an e-mail of its own at each request.
local n = 0
local run = tostring(os.time()) .. "-" .. tostring({}):sub(8)

wrk.headers["content-type"] = "application/json"

request = function()
  n = n + 1
  return wrk.format("POST", nil, nil, '{"op":"user.create","data":{"email":"u' .. run .. "-" .. n .. '@example.com","name":"Ada Lovelace"}}')
end
