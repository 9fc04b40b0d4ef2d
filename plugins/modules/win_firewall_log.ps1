#!powershell

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#AnsibleRequires -CSharpUtil Ansible.Basic
#AnsibleRequires -PowerShell ansible_collections.vidnet.portmatrix.plugins.module_utils.FwRegistry

$spec = @{
    options = @{
        paths = @{ type = 'list'; elements = 'path'; default = @() }
        since = @{ type = 'str'; default = '' }
        limit = @{ type = 'int'; default = 20000 }
        size = @{ type = 'int'; default = 33554432 }
    }
    supports_check_mode = $true
}

# 7 makes times of texts that look like one, and of those again texts that depend on the language and have lost their time zone
try {
    $given = [Ansible.Basic.AnsibleModule]::GetParams($args)
}
catch {
    $given = @{}    # ansible-test asks for the options and gives none
}
if ($given.since -is [DateTime]) { $given.since = $given.since.ToString('o') }

$module = [Ansible.Basic.AnsibleModule]::Create($args, $spec)
$p = $module.Params
$culture = [System.Globalization.CultureInfo]::InvariantCulture
$form = 'yyyy-MM-dd HH:mm:ss'
$counts = New-Object 'System.Collections.Generic.Dictionary[string,int]'
$lasts = New-Object 'System.Collections.Generic.Dictionary[string,string]'
$files = @()
$truncated = $false
$lost = 0

# the log has local time, in a form in which later is greater
$since = ''
if ($p.since) {
    try {
        $since = ([DateTime]$p.since).ToString($form, $culture)
    }
    catch {
        $module.FailJson("since: $($p.since); allowed: a time like 2026-11-21T14:00:00Z", $_)
    }
}
$paths = $p.paths
if (-not $paths.Count) { $paths = Get-FwLogFile }

foreach ($path in $paths) {
    if (-not (Test-Path -LiteralPath $path -PathType Leaf)) { continue }
    $files += $path
    try {
        $stream = [System.IO.File]::Open($path, 'Open', 'Read', 'ReadWrite, Delete')    # the service has it open
    }
    catch {
        $module.FailJson("$path cannot be read: $($_.Exception.GetBaseException().Message)", $_)
    }
    $reader = New-Object System.IO.StreamReader $stream
    if ($stream.Length -gt $p.size) {
        $truncated = $true
        $null = $stream.Seek(-$p.size, 'End')
        $null = $reader.ReadLine()    # what is left of the line that begins before
    }
    while ($null -ne ($line = $reader.ReadLine())) {
        # date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode info path
        $fields = $line.Split(' ')
        if ($fields.Length -lt 17 -or $fields[0] -eq '#Fields:') { continue }
        $time = $fields[0] + ' ' + $fields[1]
        if ([string]::CompareOrdinal($time, $since) -lt 0) { continue }
        if ($fields[2] -eq 'INFO-EVENTS-LOST') {
            $number = 0
            $null = [int]::TryParse($fields[15], [ref]$number)
            $lost += $number
            continue
        }
        $key = $fields[2, 3, 4, 5, 7, 16] -join ' '
        $count = 0
        $null = $counts.TryGetValue($key, [ref]$count)
        $counts[$key] = $count + 1
        if (-not $count -or [string]::CompareOrdinal($time, $lasts[$key]) -gt 0) { $lasts[$key] = $time }
    }
    $reader.Dispose()
}

$keys = @($counts.Keys | Sort-Object -Property @{ Expression = { $counts[$_] }; Descending = $true }, @{ Expression = { $_ } })
if ($keys.Length -gt $p.limit) {
    $truncated = $true
    $keys = @($keys | Select-Object -First $p.limit)
}
$module.Result.log = @(foreach ($key in $keys) {
        $fields = $key.Split(' ')
        $port = 0
        $null = [int]::TryParse($fields[4], [ref]$port)
        $last = [DateTime]::MinValue
        $known = [DateTime]::TryParseExact($lasts[$key], $form, $culture, 'AssumeLocal, AdjustToUniversal', [ref]$last)
        [ordered]@{
            action = $fields[0]
            protocol = $fields[1]
            source = $fields[2]
            destination = $fields[3]
            destination_port = $port
            path = $fields[5]
            count = $counts[$key]
            last = $(if ($known) { $last.ToString('s') + 'Z' } else { '' })
        }
    })
$module.Result.files = $files
$module.Result.truncated = $truncated
$module.Result.lost = $lost
$module.ExitJson()
