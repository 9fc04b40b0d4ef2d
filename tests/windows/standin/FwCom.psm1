# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

using namespace System.Collections

# In place of what HNetCfg gives: rules and profiles kept in policy.json of the directory FW_STANDIN, with Windows' own manners as
# Microsoft documents them. Programs (netsh) share that file, so nothing of it is kept between two calls.

$script:Place = $env:FW_STANDIN
$script:Ported = @(6, 17)
# property of INetFwRule, INetFwRule2 and INetFwRule3 -> key of a row in policy.json
$script:Fields = [ordered]@{
    Name = 'name'
    Description = 'description'
    Grouping = 'group'
    ApplicationName = 'program'
    ServiceName = 'service'
    Protocol = 'protocol'
    LocalPorts = 'local_ports'
    RemotePorts = 'remote_ports'
    LocalAddresses = 'local_addresses'
    RemoteAddresses = 'remote_addresses'
    IcmpTypesAndCodes = 'icmp'
    Direction = 'direction'
    Interfaces = 'interfaces'
    InterfaceTypes = 'interface_types'
    Enabled = 'enabled'
    Profiles = 'profiles'
    Action = 'action'
    EdgeTraversal = 'edge'
    EdgeTraversalOptions = 'edge_options'
    LocalAppPackageId = 'package'
    LocalUserOwner = 'owner'
    LocalUserAuthorizedList = 'local_users'
    RemoteUserAuthorizedList = 'remote_users'
    RemoteMachineAuthorizedList = 'remote_computers'
    SecureFlags = 'secure'
}

Function Read-StandInFile {
    Param([string]$Name)
    ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText((Join-Path $script:Place $Name)))
}

Function Write-StandInPolicy {
    Param($Policy)
    [System.IO.File]::WriteAllText((Join-Path $script:Place 'policy.json'), (ConvertTo-Json -Depth 9 -InputObject $Policy))
}

Function Stop-StandIn {
    throw (New-Object System.ArgumentException 'Value does not fall within the expected range. (0x80070057 (E_INVALIDARG))')
}

Function ConvertTo-StandInPort {
    Param([string]$Value, [int]$Protocol)
    if ($script:Ported -notcontains $Protocol) { Stop-StandIn }
    foreach ($token in $Value.Split(',')) {
        if ('*', 'RPC', 'RPC-EPMap', 'IPHTTPS', 'Teredo' -contains $token) { continue }
        $ends = @(foreach ($part in $token.Split('-')) {
                $number = 0
                if ($part -notmatch '^[0-9]+$' -or -not [int]::TryParse($part, [ref]$number) -or $number -gt 65535) { Stop-StandIn }
                $number
            })
        if ($ends.Length -gt 2 -or $ends[0] -gt $ends[-1]) { Stop-StandIn }
    }
    $Value
}

Function ConvertTo-StandInMask {
    Param([string]$Length)
    if ($Length -notmatch '^[0-9]+$' -or [int]$Length -gt 32) { Stop-StandIn }
    $bits = ('1' * [int]$Length).PadRight(32, '0')
    @(0, 8, 16, 24 | ForEach-Object { [System.Convert]::ToInt32($bits.Substring($_, 8), 2) }) -join '.'
}

Function ConvertTo-StandInAddress {
    # As Windows gives addresses back: each IPv4 one with a mask.
    Param([string]$Value)
    $found = @(foreach ($token in $Value.Split(',')) {
            if ('*', 'LocalSubnet', 'DNS', 'DHCP', 'WINS', 'Defaultgateway' -contains $token) {
                $token
                continue
            }
            foreach ($end in ($token -split '/')[0].Split('-')) {
                $address = $null
                if (-not [System.Net.IPAddress]::TryParse($end, [ref]$address)) { Stop-StandIn }
            }
            $start, $mask = $token -split '/', 2
            if ($token.Contains('-') -or $token.Contains(':')) { $token }
            elseif (-not $mask) { "$start/255.255.255.255" }
            elseif ($mask.Contains('.')) { $token }
            else { "$start/$(ConvertTo-StandInMask -Length $mask)" }
        })
    $found -join ','
}

Function Set-StandInField {
    # Sets a property as COM would: checked, respelled, and written at once where the rule is in force already.
    Param($Rule, [string]$Field, $Value)
    $row = $Rule.Row
    switch ($Field) {
        'name' { if (-not $Value -or $Value -eq 'all' -or $Value.Contains('|')) { Stop-StandIn } }
        'protocol' {
            if ($Value -lt 0 -or $Value -gt 256) { Stop-StandIn }
            $ports = ''
            if ($script:Ported -contains $Value) { $ports = '*' }
            $row.local_ports = $ports
            $row.remote_ports = $ports
        }
        'direction' { if (1, 2 -notcontains $Value) { Stop-StandIn } }
        'action' { if (0, 1 -notcontains $Value) { Stop-StandIn } }
        'profiles' { if ($Value -ne 0x7FFFFFFF -and ($Value -lt 1 -or $Value -gt 7)) { Stop-StandIn } }
        { $_ -like '*_ports' } { $Value = ConvertTo-StandInPort -Value $Value -Protocol $row.protocol }
        { $_ -like '*_addresses' } { $Value = ConvertTo-StandInAddress -Value $Value }
        'enabled' { $Value = [bool]$Value }
    }
    $row.$Field = $Value
    if ($Rule.Id) {
        $policy = Read-StandInFile -Name 'policy.json'
        foreach ($each in $policy.rules) {
            if ($each.id -eq $Rule.Id) { $each.$Field = $Value }
        }
        Write-StandInPolicy -Policy $policy
    }
}

foreach ($property in $script:Fields.Keys) {
    $field = $script:Fields[$property]
    $member = @{
        TypeName = 'StandIn.Rule'
        MemberType = 'ScriptProperty'
        MemberName = $property
        Value = [scriptblock]::Create("`$this.Row.$field")
        SecondValue = [scriptblock]::Create("param(`$given) Set-StandInField -Rule `$this -Field '$field' -Value `$given")
    }
    Update-TypeData @member -Force
}

Function New-FwRule {
    # A rule as COM makes it: for any protocol, any program, all profiles, and off.
    $row = [ordered]@{}
    foreach ($field in $script:Fields.Values) { $row[$field] = '' }
    $row.protocol = 256
    $row.local_addresses = '*'
    $row.remote_addresses = '*'
    $row.direction = 1
    $row.interfaces = @()
    $row.interface_types = 'All'
    $row.enabled = $false
    $row.profiles = 0x7FFFFFFF
    $row.action = 1
    $row.edge = $false
    $row.edge_options = 0
    $row.secure = 0
    [pscustomobject]@{ PSTypeName = 'StandIn.Rule'; Row = [pscustomobject]$row; Id = '' }
}

class StandInRules : IEnumerable {
    [void] Add([object]$Rule) { Add-StandInRule -Rule $Rule }
    [void] Remove([string]$Name) { Remove-StandInRule -Name $Name }
    [IEnumerator] GetEnumerator() { return @(Get-StandInRule).GetEnumerator() }
}

Function Get-StandInRule {
    foreach ($row in (Read-StandInFile -Name 'policy.json').rules) {
        [pscustomobject]@{ PSTypeName = 'StandIn.Rule'; Row = $row; Id = $row.id }
    }
}

Function Add-StandInRule {
    Param($Rule)
    if (-not $Rule.Row.name) { Stop-StandIn }
    $policy = Read-StandInFile -Name 'policy.json'
    $Rule.Id = [guid]::NewGuid().ToString()
    $row = $Rule.Row | Select-Object -Property *
    $row | Add-Member -MemberType NoteProperty -Name id -Value $Rule.Id
    $policy.rules = @($policy.rules) + $row
    Write-StandInPolicy -Policy $policy
}

Function Remove-StandInRule {
    # One of them, whichever comes first.
    Param([string]$Name)
    $policy = Read-StandInFile -Name 'policy.json'
    $first = @($policy.rules | Where-Object { $_.name -eq $Name })[0]
    if ($first) { $policy.rules = @($policy.rules | Where-Object { $_.id -ne $first.id }) }
    Write-StandInPolicy -Policy $policy
}

Function Get-StandInProfile {
    Param([int]$Bit)
    (Read-StandInFile -Name 'policy.json').profiles.(@{ 1 = 'domain'; 2 = 'private'; 4 = 'public' }[$Bit])
}

Function New-FwPolicy {
    if ((Read-StandInFile -Name 'services.json').MpsSvc -ne 'Running') {
        throw 'There are no more endpoints available from the endpoint mapper. (0x800706D9)'
    }
    $stored = Read-StandInFile -Name 'policy.json'
    $policy = [pscustomobject]@{
        Rules = [StandInRules]::new()
        CurrentProfileTypes = $stored.current_profiles
        LocalPolicyModifyState = $stored.modify_state
    }
    $methods = @{ FirewallEnabled = 'enabled'; DefaultInboundAction = 'default_inbound'; DefaultOutboundAction = 'default_outbound' }
    $methods.BlockAllInboundTraffic = 'block_all_inbound'
    foreach ($name in $methods.Keys) {
        $code = [scriptblock]::Create("param(`$bit) (Get-StandInProfile -Bit `$bit).$($methods[$name])")
        $policy | Add-Member -MemberType ScriptMethod -Name $name -Value $code
    }
    $policy
}

Function New-FwProductList {
    foreach ($product in (Read-StandInFile -Name 'products.json')) {
        [pscustomobject]@{ DisplayName = $product.name; RuleCategories = $product.categories }
    }
}

Function Get-Item {
    # Linux has no registry: keys are in registry.json. Everything else is as always.
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSAvoidOverwritingBuiltInCmdlets', '')]
    [CmdletBinding()]
    Param([string]$LiteralPath, [switch]$Force)
    if (-not $LiteralPath.StartsWith('HKLM:')) { return Microsoft.PowerShell.Management\Get-Item @PSBoundParameters }
    $values = (Read-StandInFile -Name 'registry.json').$LiteralPath
    if (-not $values) { return }
    $key = [pscustomobject]@{ Values = $values }
    $key | Add-Member -MemberType ScriptMethod -Name GetValueNames -Value { @($this.Values.PSObject.Properties | ForEach-Object { $_.Name }) }
    $key | Add-Member -MemberType ScriptMethod -Name GetValue -Value { param($name) $this.Values.$name }
    $key
}

Export-ModuleMember -Function 'New-FwPolicy', 'New-FwRule', 'New-FwProductList', 'Get-Item', 'Set-StandInField', 'Get-StandInProfile'
Export-ModuleMember -Function 'Get-StandInRule', 'Add-StandInRule', 'Remove-StandInRule'
