// A tool as ltijs's own documentation makes one, on PostgreSQL, to be measured beside Credlet.
// One argument: the settings as JSON {port, key, database, user, host, platform}.
const { Provider } = require('ltijs')
const Database = require('ltijs-sequelize')

const settings = JSON.parse(process.argv[2])
const plugin = new Database(settings.database, settings.user, '', {
  host: settings.host,
  dialect: 'postgres',
  logging: false
})

Provider.setup(settings.key, { plugin }, { cookies: { secure: false, sameSite: '' } })
Provider.onConnect((token, req, res) => res.send(`Hello ${token.user}`))

const start = async () => {
  await Provider.deploy({ port: settings.port, silent: true })
  await Provider.registerPlatform(settings.platform)
  console.log('ready')
}

start()
